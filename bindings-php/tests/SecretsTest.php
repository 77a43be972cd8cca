<?php

declare(strict_types=1);

use K2Test\Support\Sandbox;
use KopoKopo\AccessToken;
use KopoKopo\Client;
use KopoKopo\Destination;
use KopoKopo\Event;
use KopoKopo\Exception\ConfigurationException;
use KopoKopo\Exception\ConnectionException;
use KopoKopo\Exception\InvalidRequestException;
use KopoKopo\Exception\KopoKopoException;
use KopoKopo\Exception\SignatureException;
use KopoKopo\Internal\Record;
use KopoKopo\Journal\PdoJournal;
use KopoKopo\Token;
use KopoKopo\WebhookVerifier;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';

/** Secrets and personal data are not in dumps, traces and serialized values. */
final class SecretsTest extends TestCase
{
    /** Parameters that are no fields of a record, and must not be in a trace either. */
    private const SENSITIVE = ['clientSecret', 'apiKey', 'apiKeys', 'otherApiKeys', 'proxy', 'baseUrl', 'body', 'destinations', 'given', 'row', 'native'];

    protected function setUp(): void
    {
        \ini_set('zend.exception_ignore_args', '0');
        \ini_set('zend.exception_string_param_max_len', '1000');
    }

    /** @return list<string> What a program may write to a log. */
    private static function texts(mixed $value): array
    {
        \ob_start();
        \var_dump($value);
        $texts = [(string) \ob_get_clean(), \print_r($value, true)];
        if ($value instanceof Throwable) {
            \array_push($texts, (string) $value, \print_r($value->getTrace(), true), (string) \json_encode($value), \serialize($value));
        }

        return $texts;
    }

    private static function assertNoCanary(string ...$texts): void
    {
        self::assertStringNotContainsString('canary', \implode("\n", $texts));
    }

    private static function client(): Client
    {
        return new Client(
            clientId: 'app',
            clientSecret: 'canary-secret',
            apiKey: 'canary-key',
            otherApiKeys: ['canary-other'],
            baseUrl: 'http://127.0.0.1:1',
        );
    }

    public function testObjectsShowNoSecret(): void
    {
        $client = self::client();
        $password = 'canary-password';
        $journal = new PdoJournal(static fn () => new PDO('sqlite:canary.db', 'canary', $password));
        $source = Client::withTokenSource(static fn () => 'canary-token', proxy: 'http://user:canary@127.0.0.1:1');
        $objects = [
            $client, $client->reversals, $client->withJournal($journal), $journal, $source, new WebhookVerifier(apiKeys: ['canary-key']),
            new AccessToken('canary-token', 60.0), new Token('canary-token', null, null, null),
        ];
        foreach ($objects as $object) {
            self::assertNoCanary(...self::texts($object), ...[(string) \json_encode($object)]);
        }
        // What PHP offers no way to hide shows no secret of a client, because the extension keeps it.
        self::assertNoCanary(\var_export($client, true), \print_r((array) $client, true), \var_export($client->reversals, true));
    }

    public function testTracesShowNoSecretAndNoPersonalData(): void
    {
        $client = self::client();
        $callback = 'https://shop.example/x';
        $wallet = static fn () => new Destination\MobileWallet(phoneNumber: 'canary-phone', amount: 1, description: 'canary-text');
        $verifier = new WebhookVerifier(apiKeys: ['canary-key']);
        $calls = [
            [ConnectionException::class, static fn () => $client->reversals->create('REF', 'canary-reason', $callback)],
            [InvalidRequestException::class, static fn () => $client->sendMoney->create([$wallet()], $callback)],
            [InvalidRequestException::class, static fn () => $client->incomingPayments->create(
                'K000000', 'canary-phone', '0', $callback, firstName: 'canary-name', metadata: ['a' => 'canary'],
            )],
            [ConfigurationException::class, static fn () => new Client(clientId: 'app', clientSecret: 'canary', apiKey: 'canary', baseUrl: 'ftp://user:canary@x')],
            [ConfigurationException::class, static fn () => new WebhookVerifier(apiKeys: ["canary\xff"])],
            [SignatureException::class, static fn () => $verifier->verify('{"canary": 1}', 'no signature')],
            [ConfigurationException::class, static fn () => \KopoKopo\signWebhook("canary\xff", 'canary')],
            [InvalidRequestException::class, static fn () => \KopoKopo\hashPhone('canary-phone')],
            [TypeError::class, static fn () => $client->sendMoney->create([new stdClass()], 'canary-url' === '' ? '' : $callback)],
        ];
        foreach ($calls as $at => [$class, $call]) {
            try {
                $call();
                self::fail("call {$at} is refused");
            } catch (KopoKopoException | TypeError $error) {
                self::assertInstanceOf($class, $error, "{$at}: {$error->getMessage()}");
                $trace = \array_map(static fn (array $frame) => $frame['args'] ?? [], $error->getTrace());
                self::assertNoCanary($error->getMessage(), $error->getTraceAsString(), \print_r($trace, true));
            }
        }
    }

    public function testEachParameterWithASecretOrWithPersonalDataIsMarked(): void
    {
        $hidden = self::SENSITIVE;
        $functions = [];
        foreach (\get_declared_classes() as $class) {
            if (!\str_starts_with($class, 'KopoKopo\\') || (new ReflectionClass($class))->isInternal()) {
                continue;
            }
            // Records of the sandbox hide `name` and `text` too, which are names of much else.
            if (\is_subclass_of($class, Record::class) && !\str_starts_with($class, 'KopoKopo\\Testing\\')) {
                \array_push($hidden, ...\array_keys($class::HIDDEN));
            }
            foreach ((new ReflectionClass($class))->getMethods() as $method) {
                if (\str_starts_with($method->class, 'KopoKopo\\')) {
                    $functions["{$method->class}::{$method->name}"] = $method;
                }
            }
        }
        foreach (\get_defined_functions()['user'] as $name) {
            if (\str_starts_with($name, 'kopokopo\\')) {
                $functions[$name] = new ReflectionFunction($name);
            }
        }
        $missing = [];
        foreach ($functions as $name => $function) {
            foreach ($function->getParameters() as $parameter) {
                $isText = \in_array((string) $parameter->getType(), ['string', '?string', 'string|null', 'array', '?array', 'array|null'], true);
                $isField = $function instanceof ReflectionMethod && \is_subclass_of($function->class, Record::class);
                $isHidden = !$isField && \in_array($parameter->getName(), $hidden, true)
                    || $isField && isset($function->class::HIDDEN[$parameter->getName()]);
                if ($isText && $isHidden && $parameter->getAttributes(SensitiveParameter::class) === []) {
                    $missing[] = "{$name} \${$parameter->getName()}";
                }
            }
        }
        self::assertGreaterThan(100, \count($functions));
        self::assertSame([], \array_values(\array_unique($missing)));
    }

    public function testRecordsHidePersonalDataInDumps(): void
    {
        $event = Sandbox::event('webhook-buygoods_transaction_received');
        $phone = $event->transaction->senderPhoneNumber;
        self::assertNotSame('', (string) $phone);
        foreach (self::texts($event) as $text) {
            self::assertStringNotContainsString((string) $phone, $text);
            self::assertStringNotContainsString($event->raw, $text);
        }
    }

    public function testSerializedRecordsHaveNoToken(): void
    {
        foreach ([new Token('canary-token', null, 3600, null), new AccessToken('canary-token', 60.0)] as $token) {
            $text = \serialize($token);
            self::assertNoCanary($text);
            $found = \unserialize($text);
            self::assertSame($token->expiresIn, $found->expiresIn);
            self::assertNoCanary(...self::texts($found));
            $name = \array_key_first($token::HIDDEN);
            try {
                $found->$name;
                self::fail('it has no value');
            } catch (Error $error) {
                self::assertStringContainsString('must not be accessed before initialization', $error->getMessage());
            }
        }
    }

    public function testSerializedRecordsHaveAllElse(): void
    {
        $event = Sandbox::event('webhook-buygoods_transaction_received');
        $found = \unserialize(\serialize($event));
        self::assertEquals($event, $found);
        self::assertSame($event->raw, $found->raw);
        self::assertTrue($found->isPaidAtLeast($event->transaction->amount), 'a job of a queue can check it');
        // Another version wrote other fields.
        $other = \str_replace('s:9:"dedupeKey"', 's:9:"otherName"', \serialize($event));
        self::assertInstanceOf(Event::class, \unserialize($other));
    }

    public function testErrorsCanBeSerialized(): void
    {
        try {
            self::client()->incomingPayments->create('K000000', '0712345678', '0', 'https://shop.example/x');
            self::fail('the amount is refused');
        } catch (InvalidRequestException $error) {
            $found = \unserialize(\serialize($error));
            self::assertInstanceOf(InvalidRequestException::class, $found);
            self::assertEquals($error->__debugInfo(), $found->__debugInfo());
            self::assertSame([$error->getFile(), $error->getLine()], [$found->getFile(), $found->getLine()]);
        }
    }

    public function testClientsAndJournalsCannotBeSerialized(): void
    {
        $objects = [self::client(), self::client()->reversals, PdoJournal::sqlite('/none/payments.db'), new WebhookVerifier(apiKeys: ['a-key'])];
        foreach ($objects as $object) {
            try {
                \serialize($object);
                self::fail($object::class);
            } catch (LogicException $error) {
                self::assertStringContainsString('cannot be serialized', $error->getMessage());
            }
        }
    }
}
