<?php

// What a PHP program would write by hand to get the same objects of a webhook about a payment.

declare(strict_types=1);

use KopoKopo\Event;
use KopoKopo\EventPayload\BuygoodsTransactionReceived;
use KopoKopo\Links;
use KopoKopo\Transaction;
use KopoKopo\TransactionStatus;

function typed(string $body): Event
{
    $read = \json_decode($body, true, 64, \JSON_THROW_ON_ERROR);
    $resource = $read['event']['resource'];
    // An amount has one text: 100.0 and 100.00 are equal.
    $amount = (string) $resource['amount'];
    if (\str_contains($amount, '.')) {
        $amount = \rtrim(\rtrim($amount, '0'), '.');
    }
    $key = 'mpesa:received:' . \strtoupper($resource['reference']);
    $transaction = new Transaction(
        id: $resource['id'] ?? null,
        reference: $resource['reference'] ?? null,
        originationTime: isset($resource['origination_time']) ? new DateTimeImmutable($resource['origination_time']) : null,
        senderPhoneNumber: $resource['sender_phone_number'] ?? null,
        hashedSenderPhone: $resource['hashed_sender_phone'] ?? null,
        sendingTill: $resource['sending_till'] ?? null,
        amount: $amount,
        currency: $resource['currency'] ?? null,
        tillNumber: $resource['till_number'] ?? null,
        system: $resource['system'] ?? null,
        status: isset($resource['status']) ? new TransactionStatus($resource['status']) : null,
        senderFirstName: $resource['sender_first_name'] ?? null,
        senderMiddleName: $resource['sender_middle_name'] ?? null,
        senderLastName: $resource['sender_last_name'] ?? null,
        isReceived: ($resource['status'] ?? null) === 'Received',
        paymentKey: $key,
    );

    return new Event(
        id: $read['id'] ?? null,
        topic: $read['topic'] ?? '',
        eventType: $read['event']['type'] ?? null,
        createdAt: isset($read['created_at']) ? new DateTimeImmutable($read['created_at']) : null,
        links: new Links(
            selfUrl: $read['_links']['self'] ?? null,
            resourceUrl: $read['_links']['resource'] ?? null,
            callbackUrl: $read['_links']['callback_url'] ?? null,
        ),
        payload: new BuygoodsTransactionReceived($transaction),
        transaction: $transaction,
        dedupeKey: "{$read['topic']}:{$read['id']}",
        paymentKey: $key,
        raw: $body,
    );
}
