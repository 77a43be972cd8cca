<?php

use Illuminate\Database\Migrations\Migration;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Schema;

// The tables of the journal and of `once`.
return new class () extends Migration {
    public function up(): void
    {
        $driver = DB::connection()->getDriverName();
        foreach (\KopoKopo\journalSchema(['pgsql' => 'postgres', 'mariadb' => 'mysql'][$driver] ?? $driver) as $statement) {
            DB::statement($statement);
        }
    }

    public function down(): void
    {
        // The records are the evidence of sent requests: remove them by hand.
    }
};
