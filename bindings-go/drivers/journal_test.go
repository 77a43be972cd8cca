// Package drivers tests the journal with databases and their drivers, which the package itself does not need.
package drivers

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
	"github.com/kopokopo-sdk/kopokopo-go/internal/sandbox"
)

// database is one that the tests run in.
type database struct {
	dialect, driver, source string
}

func (d database) open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, d.source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func createTables(t *testing.T, db *sql.DB, dialect string) {
	t.Helper()
	statements, err := kopokopo.JournalSchema(dialect)
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, statements...)
}

// each runs a test in each database. The steps of `cargo xtask test --only go` start the servers.
func each(t *testing.T, test func(t *testing.T, own database)) {
	t.Helper()
	postgres, mariadb := os.Getenv("K2_TEST_POSTGRES"), os.Getenv("K2_TEST_MARIADB")
	if postgres == "" || mariadb == "" {
		t.Fatal("run the tests with tests/with-postgres.sh and tests/with-mariadb.sh")
	}
	server, err := url.Parse(mariadb)
	if err != nil {
		t.Fatal(err)
	}
	for _, own := range []database{
		{kopokopo.DialectSQLite, "sqlite3", ""},
		{kopokopo.DialectPostgres, "pgx", postgres},
		{kopokopo.DialectMySQL, "mysql", server.User.Username() + "@tcp(" + server.Host + ")" + server.Path},
	} {
		t.Run(own.dialect, func(t *testing.T) {
			if own.source == "" {
				own.source = filepath.Join(t.TempDir(), "shop.db")
			}
			run(t, own.open(t), "DROP TABLE IF EXISTS kopokopo_journal", "DROP TABLE IF EXISTS kopokopo_events", "DROP TABLE IF EXISTS orders")
			test(t, own)
		})
	}
}

func withJournal(t *testing.T, own *sandbox.Sandbox, store kopokopo.JournalStore, options kopokopo.JournalOptions) *kopokopo.Client {
	t.Helper()
	client, err := own.Client(t).WithJournal(store, options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func pay(t *testing.T, client *kopokopo.Client, key string) string {
	t.Helper()
	created, err := client.IncomingPayments().Create(t.Context(), sandbox.Push(), kopokopo.IdempotencyKey(key))
	if err != nil {
		t.Fatal(err)
	}
	return created.ID()
}

func journalOf(t *testing.T, client *kopokopo.Client) *kopokopo.Journal {
	t.Helper()
	journal, err := client.Journal()
	if err != nil {
		t.Fatal(err)
	}
	return journal
}

func TestCallsWithTheSameKeySendOneRequest(t *testing.T) {
	each(t, func(t *testing.T, own database) {
		api := sandbox.Reset(t)
		client := withJournal(t, api, kopokopo.NewSQLStore(own.open(t), own.dialect), kopokopo.JournalOptions{})
		id := pay(t, client, "order-1")
		other := withJournal(t, api, kopokopo.NewSQLStore(own.open(t), own.dialect), kopokopo.JournalOptions{})
		if pay(t, client, "order-1") != id || pay(t, other, "order-1") != id || api.Count(t, sandbox.Create) != 1 {
			t.Fatalf("%d requests", api.Count(t, sandbox.Create))
		}
		record, err := journalOf(t, client).Get(t.Context(), "order-1")
		if err != nil || record.State != "accepted" || *record.ID != id || record.Attempt != 1 {
			t.Fatal(record, err)
		}
		listed, err := journalOf(t, client).List(t.Context(), kopokopo.JournalQuery{})
		if err != nil || len(listed) != 1 || listed[0].Key != "order-1" {
			t.Fatal(listed, err)
		}
		if absent, err := journalOf(t, client).Get(t.Context(), "order-2"); absent != nil || err != nil {
			t.Fatal(absent, err)
		}
		changed := sandbox.Push()
		changed.Amount = "200"
		_, err = client.IncomingPayments().Create(t.Context(), changed, kopokopo.IdempotencyKey("order-1"))
		if !errors.Is(err, kopokopo.ErrInvalidRequest) || !strings.Contains(err.Error(), "was used for another request") {
			t.Fatal(err)
		}
	})
}

func TestConcurrentCallsWithTheSameKeySendOneRequest(t *testing.T) {
	each(t, func(t *testing.T, own database) {
		api := sandbox.Reset(t)
		client := withJournal(t, api, kopokopo.NewSQLStore(own.open(t), own.dialect), kopokopo.JournalOptions{})
		client, err := client.WithOptions(kopokopo.CallOptions{InProgressWait: 2 * time.Minute, Timeout: 3 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		ids := make([]string, 20)
		for at := range ids {
			group.Add(1)
			go func() {
				defer group.Done()
				created, err := client.IncomingPayments().Create(t.Context(), sandbox.Push(), kopokopo.IdempotencyKey("order-1"))
				if err != nil {
					t.Error(err)
					return
				}
				ids[at] = created.ID()
			}()
		}
		group.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Fatal(ids)
			}
		}
		if count := api.Count(t, sandbox.Create); count != 1 {
			t.Fatalf("%d requests", count)
		}
	})
}

func TestRollbackOfTheProgramDoesNotRemoveTheRecord(t *testing.T) {
	each(t, func(t *testing.T, own database) {
		api := sandbox.Reset(t)
		db := own.open(t)
		createTables(t, db, own.dialect)
		client := withJournal(t, api, kopokopo.NewSQLStore(db, own.dialect), kopokopo.JournalOptions{})
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		id := pay(t, client, "order-1")
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		if pay(t, client, "order-1") != id || api.Count(t, sandbox.Create) != 1 {
			t.Fatal("the record is gone")
		}
	})
}

func TestOutcomeIsWrittenAfterTheContextEnded(t *testing.T) {
	each(t, func(t *testing.T, own database) {
		api := sandbox.Reset(t)
		client := withJournal(t, api, kopokopo.NewSQLStore(own.open(t), own.dialect), kopokopo.JournalOptions{})
		api.Fault(t, sandbox.Create, "delay", map[string]any{"delay_ms": 3000})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for api.Count(t, sandbox.Create) == 0 {
				time.Sleep(10 * time.Millisecond)
			}
			cancel()
		}()
		_, err := client.IncomingPayments().Create(ctx, sandbox.Push(), kopokopo.IdempotencyKey("order-1"))
		if !errors.Is(err, kopokopo.ErrOutcomeUnknown) {
			t.Fatal(err)
		}
		deadline := time.Now().Add(time.Minute)
		for {
			record, err := journalOf(t, client).Get(t.Context(), "order-1")
			if err != nil {
				t.Fatal(err)
			}
			if record.State == "accepted" {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal(record)
			}
			time.Sleep(50 * time.Millisecond)
		}
		pay(t, client, "order-1")
		if count := api.Count(t, sandbox.Create); count != 1 {
			t.Fatalf("%d requests", count)
		}
	})
}

func TestMissingTableIsNamedAndNothingIsSent(t *testing.T) {
	each(t, func(t *testing.T, own database) {
		api := sandbox.Reset(t)
		store := kopokopo.NewSQLStore(own.open(t), own.dialect)
		client := withJournal(t, api, store, kopokopo.JournalOptions{CreateTables: kopokopo.Ptr(false)})
		_, err := client.IncomingPayments().Create(t.Context(), sandbox.Push(), kopokopo.IdempotencyKey("order-1"))
		if !errors.Is(err, kopokopo.ErrJournal) || !strings.Contains(err.Error(), "the table kopokopo_journal does not exist") {
			t.Fatal(err)
		}
		if count := api.Count(t, sandbox.Create); count != 0 {
			t.Fatalf("%d requests", count)
		}
	})
}

func TestOnceIsTrueOnceAndAgainAfterARollback(t *testing.T) {
	each(t, func(t *testing.T, own database) {
		db := own.open(t)
		event := sandbox.Event(t, "result-incoming-payment-success")
		claim := func(commit bool) (bool, error) {
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback() }()
			is, err := kopokopo.Once(t.Context(), tx, event)
			if commit {
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
			}
			return is, err
		}
		if _, err := claim(false); !errors.Is(err, kopokopo.ErrConfiguration) || !strings.Contains(err.Error(), "kopokopo_events") {
			t.Fatal(err)
		}
		createTables(t, db, own.dialect)
		for at, item := range []struct{ commit, expected bool }{{false, true}, {true, true}, {true, false}} {
			if is, err := claim(item.commit); err != nil || is != item.expected {
				t.Fatal(at, is, err)
			}
		}
	})
}

func TestObserveMakesAnUnknownRequestAccepted(t *testing.T) {
	each(t, func(t *testing.T, own database) {
		api := sandbox.Reset(t)
		client := withJournal(t, api, kopokopo.NewSQLStore(own.open(t), own.dialect), kopokopo.JournalOptions{})
		api.Fault(t, sandbox.Create, "reset_after_effect", nil)
		_, err := client.IncomingPayments().Create(t.Context(), sandbox.Push(), kopokopo.IdempotencyKey("order-1"))
		if !errors.Is(err, kopokopo.ErrOutcomeUnknown) {
			t.Fatal(err)
		}
		body := strings.Replace(string(sandbox.Payload(t, "result-incoming-payment-success")), `"customer_id": "123456789"`, `"idempotency_key": "order-1"`, 1)
		if !strings.Contains(body, "order-1") {
			t.Fatal(body)
		}
		record, err := journalOf(t, client).Observe(t.Context(), kopokopo.Raw(body))
		if err != nil || record == nil || record.State != "accepted" {
			t.Fatal(record, err)
		}
		if count := api.Count(t, sandbox.Create); count != 1 {
			t.Fatalf("%d requests", count)
		}
	})
}
