<?php

declare(strict_types=1);

use K2Test\Support\Sandbox as Samples;
use KopoKopo\Testing\CustomerAction;
use KopoKopo\Testing\Fault;
use KopoKopo\Testing\FaultKind;
use KopoKopo\Testing\Pace;
use KopoKopo\Testing\Sandbox;
use KopoKopo\Testing\SandboxException;
use KopoKopo\Testing\State;
use KopoKopo\Testing\TillData;
use KopoKopo\Testing\TransactionData;
use KopoKopo\Testing\UsesSandbox;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';

/** `KopoKopo\Testing`: every call of the control API, and what is refused before it is sent. */
final class TestingTest extends TestCase
{
    use UsesSandbox;

    private const WALLET = '55555555-5555-4555-8555-555555555555';

    /** @var array<string, true> */
    private array $called = [];

    /** @return array<string, mixed> */
    private static function described(): array
    {
        return \json_decode((string) \file_get_contents(__DIR__ . '/../../sandbox/controls.json'), true, 64, \JSON_THROW_ON_ERROR);
    }

    private static function camel(string $name): string
    {
        return \lcfirst(\str_replace('_', '', \ucwords($name, '_')));
    }

    private function call(string $helper, mixed ...$arguments): mixed
    {
        $this->called[$helper] = true;

        return $this->k2Sandbox()->{$helper}(...$arguments);
    }

    private function waitingPush(): string
    {
        return $this->k2()->incomingPayments->create(...[...Samples::PUSH, 'phoneNumber' => '254700000006'])->id();
    }

    private static function balance(State $state, string $number): ?string
    {
        foreach ($state->tills as $till) {
            if ($till->number === $number) {
                return $till->balance;
            }
        }

        return null;
    }

    public function testEveryHelperWorks(): void
    {
        $this->customersAct();
        $this->moneyMoves();
        $this->webhooksAreSent();
        $this->faultsAreSet();
        $this->dataIsReplaced();
        $names = \array_map(static fn (array $call) => self::camel($call['name']), self::described()['calls']);
        self::assertEqualsCanonicalizing($names, \array_keys($this->called));
    }

    private function customersAct(): void
    {
        $cancelled = 'Request cancelled by user';
        foreach ([
            'customerPays' => [], 'customerCancels' => [$cancelled], 'customerHasNoMoney' => ['Insufficient funds'],
            'customerIgnores' => ['DS timeout user cannot be reached'],
            'customerEntersWrongPin' => ['The initiator information is invalid.'],
        ] as $act => $errors) {
            $id = $this->waitingPush();
            $this->call($act, $id);
            $payment = $this->k2()->incomingPayments->wait($id, interval: 0.02);
            self::assertSame([$errors === [], $errors], [$payment->isPaid, $payment->errors]);
        }
        $id = $this->waitingPush();
        $this->call('customerActs', $id, CustomerAction::CANCEL);
        self::assertSame([$cancelled], $this->k2()->incomingPayments->wait($id, interval: 0.02)->errors);
        $link = $this->k2()->paymentLinks->create(tillNumber: 'K000000', amount: '1', callbackUrl: Samples::PUSH['callbackUrl']);
        $this->call('customerActsOnLink', $link->id(), action: new CustomerAction('enter_pin'));
        self::assertTrue($this->k2()->paymentLinks->get($link->id())->isPaid);
        $this->lists();
    }

    private function lists(): void
    {
        $link = $this->k2()->paymentLinks->create(tillNumber: 'K000000', amount: '2', callbackUrl: Samples::PUSH['callbackUrl']);
        $this->call('customerPaysLink', $link->id(), phoneNumber: '0711222333');
        self::assertSame(['Paid', 'Paid'], [$this->call('paymentLink', $link->id())->status, $this->call('paymentLinks')[0]->status]);
        $newest = $this->call('transactions')[0];
        self::assertSame(['2', '254711222333', 'received'], [$newest->amount, $newest->payer, $newest->status]);
        self::assertStringContainsString('paid to Online Payments', $this->call('customers')->messages[0]->text);
        self::assertSame($link->id(), $this->call('resources', 'payment_links')[0]->id);
    }

    private function moneyMoves(): void
    {
        self::assertSame('5000.5', $this->call('setTill', 'K654321', balance: '5000.50', name: 'My shop')->balance);
        $paid = $this->call('pay', 'K654321', 250, phoneNumber: '0712345678', firstName: 'Jane');
        self::assertSame('Buygoods Transaction', $paid->type);
        self::assertSame('Reversed', $this->call('reverseTransaction', $paid->resource['reference'])->resource['status']);
        $card = $this->call('pay', tillNumber: '7600314301', amount: '99.50', kind: 'card');
        self::assertNotSame('', $this->call('voidTransaction', $card->resource['reference'])->type);
        self::assertSame('5000.5', self::balance($this->call('state'), 'K654321'));
    }

    private function webhooksAreSent(): void
    {
        self::assertSame(0, $this->call('trigger', 'customer_created')->sent);
        $sample = ['url' => 'http://127.0.0.1:9/', 'set' => ['event.type' => 'x']];
        self::assertSame(1, $this->call('trigger', 'customer_created', ...$sample)->sent);
        $deliveries = $this->call('deliveries');
        $found = \end($deliveries);
        self::assertSame(['customer_created', false, false], [$found->topic, $found->delivered, $found->withheld]);
        self::assertSame(\KopoKopo\signWebhook($this->k2Sandbox()->apiKey(), $found->body), $found->signature);
        $this->call('resendDelivery', $found->id);
        $before = $this->call('state')->now;
        self::assertGreaterThan($before, $this->call('advanceClock', 3600)->now);
    }

    private function faultsAreSet(): void
    {
        $this->call('fault', 'status', operation: 'payments.get', status: 503, times: null, body: ['error' => 'no']);
        [$fault] = $this->call('faults');
        self::assertSame([true, null, ['error' => 'no']], [$fault->kind->is(FaultKind::STATUS), $fault->times, $fault->body]);
        $faults = [new Fault('delay'), new Fault(kind: FaultKind::STATUS, operation: 'send_money.*', probability: 0.5)];
        $this->call('setFaults', $faults);
        self::assertEquals($faults, $this->call('faults'));
        $this->call('clearFaults');
        self::assertSame([], $this->call('faults'));
        self::assertContains('send_money.create', $this->call('operations')->operations);
        $found = null;
        foreach ($this->call('requests') as $request) {
            $found = $request->operation === 'payment_links.create' ? $request : $found;
        }
        self::assertSame(['POST', '/api/v2/payment_links', 201, true], [$found->method, $found->path, $found->status, $found->tookEffect]);
    }

    private function dataIsReplaced(): void
    {
        self::assertTrue($this->call('changeSettings', pace: Pace::MANUAL)->pace->is('manual'));
        self::assertTrue($this->call('settings')->pace->is(Pace::MANUAL));
        $id = $this->waitingPush();
        self::assertContains($id, \array_map(static fn ($waiting) => $waiting->id, $this->call('pending')->waiting));
        $this->call(
            'setData',
            tills: [new TillData('777777', balance: 10)],
            merchantWallets: [['id' => self::WALLET, 'first_name' => 'Jane']],
            transactions: [new TransactionData('TKJ1234567', '777777', '250')],
        );
        self::assertSame('10', self::balance($this->call('state'), '777777'));
        self::assertSame('Jane', $this->k2()->merchantWallets->get(self::WALLET)->firstName);
        $this->call('setData');
        $declared = $this->call('setCustomer', '0712345678', balance: '150.50', action: 'cancel', afterSeconds: 20);
        self::assertSame(['150.5', true, 20], [$declared->balance, $declared->action->is('cancel'), $declared->afterSeconds]);
        $exported = $this->call('exportState');
        $this->call('reset');
        self::assertSame([], $this->call('customers')->customers);
        $this->call('importState', $exported);
        self::assertEquals([$declared], $this->call('customers')->customers);
        $this->k2Sandbox()->reset();
        self::assertSame('ok', $this->call('health')->status);
        self::assertCount(10, $this->call('rules')->magic);
    }

    /** @return list<int|null> */
    private function statuses(): array
    {
        $sent = \array_filter($this->k2Sandbox()->requests(), static fn ($request) => $request->operation === Samples::CREATE);

        return \array_values(\array_map(static fn ($request) => $request->status, $sent));
    }

    public function testResetCanKeepTokens(): void
    {
        $this->k2()->oauth->token();
        foreach ([[true, [201]], [false, [401, 201]]] as [$keepTokens, $expected]) {
            $this->k2Sandbox()->reset(keepTokens: $keepTokens);
            $this->k2()->incomingPayments->create(...Samples::PUSH);
            self::assertSame($expected, $this->statuses());
        }
    }

    /** @return iterable<string, array{Closure(Sandbox): mixed, class-string<Throwable>}> A call, and its error. */
    private static function wrong(): iterable
    {
        $value = InvalidArgumentException::class;
        yield 'kind: unknown word "cough"; expected one of: refuse_connections, ' => [static fn ($s) => $s->fault('cough'), $value];
        yield 'kind: unknown word ""; expected one of: ' => [static fn ($s) => new Fault(''), $value];
        yield 'pace: unknown word "slow"; expected one of: instant, ' => [static fn () => Sandbox::start(pace: 'slow'), $value];
        yield 'action: unknown word "sing"; expected one of: enter_pin, ' => [static fn ($s) => $s->customerActs('an-id', 'sing'), $value];
        yield 'probability: must be a finite number' => [static fn ($s) => $s->fault('delay', probability: \NAN), $value];
        yield 'faults[1]: must be a KopoKopo\Testing\Fault, not string' => [static fn ($s) => $s->setFaults([new Fault('delay'), 'x']), TypeError::class];
        yield 'faults: must be a list, not array' => [static fn ($s) => $s->setFaults(['kind' => 'delay']), TypeError::class];
        yield 'body.a[0]: must be JSON: ' => [static fn ($s) => $s->fault('status', body: ['a' => [new DateTime()]]), TypeError::class];
        yield "amount: must be a string such as '10.50', or an integer, not float" => [static fn ($s) => $s->pay('K000000', 0.5), TypeError::class];
        yield "amount: must be a string such as '10.50', or an integer, not bool" => [static fn ($s) => $s->pay('K000000', true), TypeError::class];
        yield "amount: must be an amount such as '10.50', not \"1e3\"" => [static fn ($s) => $s->pay('K000000', '1e3'), $value];
        yield 'balance: must be a string' => [static fn () => new TillData('1', balance: 1.5), TypeError::class];
        yield 'tills.K1: must be a string' => [static fn () => Sandbox::start(tills: ['K1' => 1.5]), TypeError::class];
        yield 'tillNumber: must be valid UTF-8' => [static fn ($s) => $s->pay("\xFF", 1), $value];
        yield 'id: must not be empty' => [static fn ($s) => $s->customerPays(''), $value];
        yield 'number: must not be empty' => [static fn ($s) => $s->setTill('', 1), $value];
        yield '/customerPays.*\(\$id\) must be of type string, null given/' => [static fn ($s) => $s->customerPays(null), TypeError::class];
        yield '/resendDelivery.*\(\$id\) must be of type int/' => [static fn ($s) => $s->resendDelivery('7'), TypeError::class];
        yield '/fault.*\(\$times\) must be of type \?int/' => [static fn ($s) => $s->fault('delay', times: '3'), TypeError::class];
        yield 'set: must be an array with names, not array' => [static fn ($s) => $s->trigger('customer_created', set: [1]), TypeError::class];
        yield 'unset[0]: must be a string, not int' => [static fn ($s) => $s->trigger('customer_created', unset: [1]), TypeError::class];
        yield 'callbackRetriesMs[0]: must be an integer, not float' => [static fn ($s) => $s->changeSettings(callbackRetriesMs: [1.5]), TypeError::class];
        yield 'operation: unknown operation "incoming_payment.create"; expected one of: ' => [static fn ($s) => $s->waitForRequest('incoming_payment.create'), $value];
        yield 'topic: unknown topic "money"; expected one of: ' => [static fn ($s) => $s->waitForDelivery('money'), $value];
        yield 'POST /_sandbox/incoming_payments/a%2F..%2Fb%20%3F/customer: 404: Incoming payment' => [static fn ($s) => $s->customerPays('a/../b ?'), SandboxException::class];
        yield '/known tills are/' => [static fn ($s) => $s->pay('nothing', 1), SandboxException::class];
        yield 'no request of send_money.create arrived within 0 s' => [static fn ($s) => $s->waitForRequest('send_money.create', timeout: 0), SandboxException::class];
        yield 'no delivery of reversal was received with 2xx within 0 s' => [static fn ($s) => $s->waitForDelivery('reversal', timeout: 0), SandboxException::class];
    }

    public function testWrongCallsAreRefusedAndChangeNothing(): void
    {
        $before = $this->k2Sandbox()->state();
        foreach (self::wrong() as $text => [$call, $class]) {
            try {
                $call($this->k2Sandbox());
                self::fail("no error: {$text}");
            } catch (InvalidArgumentException | TypeError | SandboxException $error) {
                self::assertSame($class, $error::class, $error->getMessage());
                $text[0] === '/' ? self::assertMatchesRegularExpression($text, $error->getMessage()) : self::assertStringStartsWith($text, $error->getMessage());
            }
        }
        $after = $this->k2Sandbox()->state();
        self::assertEquals(['now' => ''] + \get_object_vars($before), ['now' => ''] + \get_object_vars($after));
        self::assertSame([], $this->k2Sandbox()->faults());
    }

    public function testRequestAndDeliveryAreWaitedFor(): void
    {
        $this->k2()->incomingPayments->create(...Samples::PUSH);
        self::assertSame('K000000', $this->k2Sandbox()->waitForRequest(Samples::CREATE)->body['till_number']);
        self::assertTrue($this->k2Sandbox()->waitForDelivery('incoming_payment')->withheld);
        self::assertSame([200, ['status' => 'ok']], $this->k2Sandbox()->request('get', '/_sandbox/health'));
    }

    public function testDumpsHavePersonalDataAndCredentialsNowhere(): void
    {
        $this->k2()->incomingPayments->create(...Samples::PUSH);
        $sandbox = $this->k2Sandbox();
        $found = $sandbox->waitForRequest(Samples::CREATE);
        $transaction = $sandbox->pay('K000000', 1, phoneNumber: '0712345678');
        foreach ([$found, $sandbox->waitForDelivery('incoming_payment'), $transaction, new TransactionData('T', 'K', 1, '0712345678')] as $record) {
            self::assertStringNotContainsString('712345678', \print_r($record, true));
            self::assertStringContainsString('[personal data]', \print_r($record, true));
        }
        self::assertStringContainsString('712345678', \json_encode($found->body));
        foreach ([$sandbox->clientSecret(), $sandbox->apiKey()] as $secret) {
            self::assertStringNotContainsString($secret, \print_r($sandbox, true));
        }
        $this->expectException(LogicException::class);
        \serialize($sandbox);
    }

    public function testTwoSandboxesHaveTheirOwnCredentialsAndTills(): void
    {
        $one = Sandbox::start(tills: ['K1' => '5.50', '123' => 7]);
        $other = Sandbox::start(pace: Pace::MANUAL, seed: 7);
        self::assertNotSame($one->baseUrl(), $other->baseUrl());
        self::assertNotSame($one->apiKey(), $other->apiKey());
        self::assertSame(['5.5', '7'], [self::balance($one->state(), 'K1'), self::balance($one->state(), '123')]);
        self::assertTrue($other->settings()->pace->is('manual'));
        self::assertTrue($one->client()->incomingPayments->create(...Samples::PUSH)->wait(interval: 0.02)->isPaid);
        self::assertSame([], $other->requests());
        $other->close();
        $other->close();
        self::assertTrue($other->isClosed());
        $this->expectExceptionMessage('POST /_sandbox/reset: the sandbox does not listen any more');
        $other->reset();
    }

    public function testClosedPortIsWaitedFor(): void
    {
        $this->k2Sandbox()->fault('refuse_connections', delayMs: 200);
        $this->k2Sandbox()->clearFaults();
        self::assertSame([], $this->k2Sandbox()->faults());
    }

    public function testWordsAndRecordsAreThoseThatAreDescribed(): void
    {
        foreach (self::described()['words'] as $word) {
            self::assertSame(\array_column($word['values'], 0), \constant("KopoKopo\\Testing\\{$word['name']}::WORDS"));
        }
        foreach (self::described()['records'] as $record) {
            $properties = (new ReflectionClass("KopoKopo\\Testing\\{$record['name']}"))->getProperties();
            $names = \array_map(static fn (array $field) => self::camel($field['name']), $record['fields']);
            self::assertEqualsCanonicalizing($names, \array_map(static fn ($property) => $property->name, $properties), $record['name']);
        }
    }
}
