<?php

declare(strict_types=1);

namespace KopoKopo\Journal;

/** A store of a journal, for `Client::withJournal()`. `PdoJournal` and `CustomJournal` are stores. */
interface Store
{
    /** Runs one request of the journal, given as JSON, and returns its result as JSON. */
    public function __invoke(string $request): string;

    /** The SQL that the journal makes: `sqlite`, `postgres`, `mysql`, or `ask` if the store is asked. `null`: no SQL. */
    public function dialect(): ?string;

    /** Whether the journal creates its tables if they do not exist. */
    public function createsTables(): bool;
}
