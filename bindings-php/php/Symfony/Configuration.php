<?php

declare(strict_types=1);

namespace KopoKopo\Symfony;

use Symfony\Component\Config\Definition\Builder\TreeBuilder;
use Symfony\Component\Config\Definition\ConfigurationInterface;

/** What `config/packages/kopokopo.yaml` can have. Without that file the environment variables apply. */
final class Configuration implements ConfigurationInterface
{
    public const OPTIONS = [
        'client_id' => '%env(K2_CLIENT_ID)%',
        'client_secret' => '%env(K2_CLIENT_SECRET)%',
        'api_key' => '%env(default::K2_API_KEY)%',
        'environment' => '%env(default::K2_ENVIRONMENT)%',
        'base_url' => '%env(default::K2_BASE_URL)%',
        'connect_timeout' => null,
        'stalled_timeout' => null,
        'timeout' => null,
        'max_retries' => null,
        'proxy' => null,
        'extra_ca_certificates' => null,
        'product' => null,
    ];

    public function getConfigTreeBuilder(): TreeBuilder
    {
        $tree = new TreeBuilder('kopokopo');
        $options = $tree->getRootNode()->children();
        foreach (self::OPTIONS as $name => $default) {
            $options->scalarNode($name)->defaultValue($default);
        }
        $options->arrayNode('other_api_keys')->scalarPrototype()->end()->end();
        $options->scalarNode('journal')->defaultNull()->info('The id of a service that is a store of the journal, such as KopoKopo\Journal\PdoJournal.');
        $options->scalarNode('on_unreadable')->defaultNull()->info('The id of an invokable service. It gets the raw body and the error of authentic webhooks that cannot be read.');

        return $tree;
    }
}
