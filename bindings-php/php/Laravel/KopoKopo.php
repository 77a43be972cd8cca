<?php

declare(strict_types=1);

namespace KopoKopo\Laravel;

use Illuminate\Support\Facades\Facade;
use KopoKopo\Client;

/**
 * The client of the application: `KopoKopo::incomingPayments()->create(...)`. Sections are methods here.
 *
 * @method static \KopoKopo\Journal journal()
 * @method static \KopoKopo\WebhookVerifier webhooks()
 * @method static \KopoKopo\OAuth oauth()
 * @method static \KopoKopo\WebhookSubscriptions webhookSubscriptions()
 * @method static \KopoKopo\IncomingPayments incomingPayments()
 * @method static \KopoKopo\MerchantWallets merchantWallets()
 * @method static \KopoKopo\MerchantBankAccounts merchantBankAccounts()
 * @method static \KopoKopo\ExternalRecipients externalRecipients()
 * @method static \KopoKopo\SendMoneyRequests sendMoney()
 * @method static \KopoKopo\PollingRequests polling()
 * @method static \KopoKopo\SmsNotifications smsNotifications()
 * @method static \KopoKopo\Reversals reversals()
 * @method static \KopoKopo\PaymentLinks paymentLinks()
 * @method static \KopoKopo\Payments payments()
 * @method static \KopoKopo\SettlementTransfers settlementTransfers()
 * @method static \KopoKopo\RawRequests rawRequests()
 * @method static Client withOptions(float|null $connectTimeout = null, float|null $stalledTimeout = null, float|null $timeout = null, int|null $maxRetries = null, string|null $idempotencyKey = null, float|null $inProgressWait = null)
 * @method static string baseUrl()
 */
final class KopoKopo extends Facade
{
    protected static function getFacadeAccessor(): string
    {
        return Client::class;
    }

    /** @param array<mixed> $arguments */
    public static function __callStatic($method, $arguments): mixed
    {
        return isset(Client::SECTIONS[$method]) ? self::client()->$method : self::client()->$method(...$arguments);
    }

    private static function client(): Client
    {
        return self::getFacadeRoot();
    }
}
