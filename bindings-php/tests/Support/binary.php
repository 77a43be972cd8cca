<?php

// The sandbox of this repository.

declare(strict_types=1);

if (!\getenv('K2_SANDBOX_BIN')) {
    \putenv('K2_SANDBOX_BIN=' . (\getenv('CARGO_TARGET_DIR') ?: \dirname(__DIR__, 3) . '/target') . '/debug/k2');
}
