<?php

declare(strict_types=1);

use K2Test\Support\Sandbox;
use KopoKopo\Event;
use KopoKopo\WebhookVerifier;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';

/** An event shows its payment in two places. */
final class EventTest extends TestCase
{
    private static function event(string $sample): Event
    {
        return (new WebhookVerifier(apiKeys: ['key']))->parseUnverified(Sandbox::payload($sample));
    }

    public function testTransactionOfThePayloadIsTheOneOfTheEvent(): void
    {
        foreach (['webhook-buygoods_transaction_received', 'webhook-b2b_transaction_received'] as $sample) {
            $event = self::event($sample);
            self::assertSame($event->payload->transaction, $event->transaction);
            $read = \unserialize(\serialize($event));
            self::assertEquals($event, $read);
            self::assertSame($read->payload->transaction, $read->transaction);
        }
    }

    public function testOtherPayloadsHaveATransactionOfTheirOwnOrNone(): void
    {
        $event = self::event('webhook-buygoods_transaction_reversed');
        self::assertNotSame($event->payload->transaction, $event->transaction);
        $event = self::event('webhook-card_transaction_received');
        self::assertSame($event->payload->cardTransaction->reference, $event->transaction?->reference);
        self::assertNull(self::event('webhook-customer_created')->transaction);
    }
}
