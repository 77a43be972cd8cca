package kopokopo

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// Once claims an event inside of the program's own database transaction, and returns whether it is the first time: then handle it,
// and commit. If the transaction is rolled back, the next delivery is the first again. While another transaction claims the same
// event, it waits. Payments are claimed by their PaymentKey, because one payment can be reported by two events; others by their
// DedupeKey. Claim only an event that you handle, after a check of its type: the claim takes the payment from its other event.
//
// The table kopokopo_events must exist: [JournalSchema] has its statement.
//
// Errors: [ErrConfiguration] if the table does not exist, and those of the database.
func Once(ctx context.Context, tx *sql.Tx, event *Event) (bool, error) {
	if tx == nil || event == nil {
		return false, &Error{Kind: KindInvalidRequest, Detail: "a transaction and an event are needed"}
	}
	dialect, err := dialectOf(ctx, tx)
	if err != nil {
		return false, err
	}
	statement, err := EventClaim(dialect, placeholderOf(dialect))
	if err != nil {
		return false, err
	}
	key := event.DedupeKey
	if event.PaymentKey != nil {
		key = *event.PaymentKey
	}
	result, err := query(ctx, tx, statement, []any{key, time.Now().UnixMilli()})
	if err == nil {
		return result.Changed == 1, nil
	}
	if named := explained(err, "kopokopo_events"); named != err {
		return false, &Error{Kind: KindConfiguration, Field: "tx", Detail: named.Error()}
	}
	return false, err
}

// dialectOf asks the database. A statement that fails ends no transaction in SQLite, which is the only one where this one does.
func dialectOf(ctx context.Context, tx *sql.Tx) (string, error) {
	var version string
	err := tx.QueryRowContext(ctx, "SELECT version()").Scan(&version)
	switch {
	case err != nil && strings.Contains(err.Error(), "no such function"):
		return DialectSQLite, nil
	case err != nil:
		return "", err
	case strings.HasPrefix(version, "PostgreSQL"):
		return DialectPostgres, nil
	default:
		return DialectMySQL, nil
	}
}
