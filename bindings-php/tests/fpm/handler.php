<?php

// What a program does with an event.
return static fn (KopoKopo\Event $event) => match ($_GET['do'] ?? '') {
    'throw' => throw new RuntimeException('the database is away'),
    'exit' => exit,
    'fatal' => str_repeat('a', PHP_INT_MAX >> 1),
    default => file_put_contents(getenv('SHOP_FOLDER') . '/events', "{$event->topic}\n", FILE_APPEND),
};
