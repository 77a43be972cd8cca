<?php

// The bundle for Symfony: its configuration and services, and events in Messenger.

declare(strict_types=1);

use KopoKopo\Client;
use KopoKopo\Event;
use K2Test\Support\Folder;
use K2Test\Support\Fpm;
use K2Test\Support\Log;
use K2Test\Support\Sandbox;
use K2Test\Support\SymfonyApp;
use KopoKopo\WebhookVerifier;
use PHPUnit\Framework\TestCase;
use Symfony\Component\Config\Definition\Exception\InvalidConfigurationException;
use Symfony\Component\DependencyInjection\Exception\EnvNotFoundException;
use Symfony\Component\Messenger\Envelope;
use Symfony\Component\Messenger\Transport\Serialization\PhpSerializer;

require_once __DIR__ . '/Support/load.php';

final class SymfonyTest extends TestCase
{
    private static function app(array $config, array $services = []): SymfonyApp
    {
        $app = new SymfonyApp(Folder::make(), $config, $services);
        $app->boot();

        return $app;
    }

    private static function client(SymfonyApp $app): Client
    {
        return $app->getContainer()->get('test.client');
    }

    /** @param array<string, string> $variables */
    private static function withEnvironment(array $variables, callable $run): void
    {
        $before = $_ENV;
        $_ENV = $variables + $_ENV;
        try {
            $run();
        } finally {
            $_ENV = $before;
        }
    }

    public function testEnvironmentVariablesAreTheConfiguration(): void
    {
        self::withEnvironment(Sandbox::shared()->environment(), static function (): void {
            $client = self::client(self::app([]));
            self::assertSame(Sandbox::shared()->credentials()['base_url'], $client->baseUrl());
            Log::shared()->take();
            self::assertNotSame('', $client->oauth->token()->accessToken);
            self::assertStringStartsWith('debug: kopokopo: oauth.token succeeded after ', Log::shared()->take());
        });
    }

    public function testMissingCredentialsAreNamed(): void
    {
        try {
            self::client(self::app([]));
            self::fail('the client id is missing');
        } catch (EnvNotFoundException $error) {
            self::assertStringContainsString('K2_CLIENT_ID', $error->getMessage());
        }
        try {
            self::client(self::app(['client_id' => '', 'client_secret' => 'canary-secret']));
            self::fail('the client id is blank');
        } catch (KopoKopo\Exception\ConfigurationException $error) {
            self::assertStringContainsString('clientId', $error->getMessage());
            self::assertStringNotContainsString('canary', $error . \print_r($error, true));
        }
    }

    public function testOptionsOfTheConfigurationReachTheClient(): void
    {
        $config = ['client_id' => 'app', 'client_secret' => 'x', 'environment' => 'production', 'timeout' => '12.5', 'max_retries' => '0'];
        self::assertSame('https://api.kopokopo.com', self::client(self::app($config))->baseUrl());
        $this->expectException(KopoKopo\Exception\ConfigurationException::class);
        $this->expectExceptionMessage('timeout');
        self::client(self::app(['timeout' => '-1'] + $config));
    }

    public function testUnknownOptionIsRefused(): void
    {
        $this->expectException(InvalidConfigurationException::class);
        $this->expectExceptionMessage('client_key');
        self::app(['client_key' => 'x']);
    }

    public function testEventsTravelThroughMessenger(): void
    {
        $body = (string) \file_get_contents(__DIR__ . '/../../tests/vectors/payloads/result-incoming-payment-success.json');
        $event = (new WebhookVerifier(apiKeys: ['k']))->verify($body, \KopoKopo\signWebhook('k', $body));
        $serializer = new PhpSerializer();
        $found = $serializer->decode($serializer->encode(new Envelope($event)))->getMessage();
        self::assertInstanceOf(Event::class, $found);
        self::assertEquals($event, $found);
        self::assertTrue($found->isPaidAtLeast('1'));
    }

    public function testJournalObservesAndItsFailureIsA500(): void
    {
        $store = new class () {
            public function __invoke(string $request): string
            {
                throw new RuntimeException('the disk is full');
            }
        };
        $app = self::app(['client_id' => 'app', 'client_secret' => 'x', 'api_key' => 'k', 'journal' => 'store'], ['store' => $store]);
        $app->handler = static fn () => self::fail('the event is not observed');
        $body = (string) \file_get_contents(__DIR__ . '/../../tests/vectors/payloads/result-incoming-payment-success.json');
        $response = $app->request('POST', '/k2/results', $body, ['HTTP_X_KOPOKOPO_SIGNATURE' => \KopoKopo\signWebhook('k', $body)]);
        self::assertSame([500, 'journal failed'], [$response->getStatusCode(), $response->getContent()]);
    }

    public function testUnreadableBodyCanBeKept(): void
    {
        $keep = new class () {
            public array $kept = [];

            public function __invoke(string $body): void
            {
                $this->kept[] = $body;
            }
        };
        $app = self::app(['client_id' => 'app', 'client_secret' => 'x', 'api_key' => 'k', 'on_unreadable' => 'keep'], ['keep' => $keep]);
        $response = $app->request('POST', '/k2/results', 'no json', ['HTTP_X_KOPOKOPO_SIGNATURE' => \KopoKopo\signWebhook('k', 'no json')]);
        self::assertSame([200, ['no json']], [$response->getStatusCode(), $keep->kept]);
    }

    /** Debian's Symfony is older than this interface, so a process of its own declares it first. */
    public function testResolverHasTheInterfaceOfNewerVersions(): void
    {
        $code = <<<'PHP'
            require $argv[1];
            eval('namespace Symfony\Component\HttpKernel\Controller; interface ValueResolverInterface { public function resolve(
                \Symfony\Component\HttpFoundation\Request $request,
                \Symfony\Component\HttpKernel\ControllerMetadata\ArgumentMetadata $argument): iterable; }');
            $receiver = new KopoKopo\Webhook\Receiver(new KopoKopo\WebhookVerifier(apiKeys: ['k']));
            $resolver = new KopoKopo\Symfony\EventResolver($receiver);
            $other = new Symfony\Component\HttpKernel\ControllerMetadata\ArgumentMetadata('x', 'string', false, false, null);
            echo json_encode([array_values(class_implements($resolver)), $resolver->resolve(new Symfony\Component\HttpFoundation\Request(), $other)]);
            PHP;
        $command = [\PHP_BINARY, ...Fpm::extension(), '-r', $code, __DIR__ . '/Support/load.php'];
        $process = \proc_open($command, [1 => ['pipe', 'w']], $pipes);
        $output = \stream_get_contents($pipes[1]);
        \proc_close($process);
        self::assertSame([['Symfony\Component\HttpKernel\Controller\ValueResolverInterface'], []], \json_decode($output, true), $output);
    }
}
