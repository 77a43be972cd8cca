package drivers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sort"
	"strings"
	"sync"
	"testing"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
	"github.com/kopokopo-sdk/kopokopo-go/internal/sandbox"
)

// memory is a store that a program makes.
type memory struct {
	lock    sync.Mutex
	records map[string]kopokopo.StoredRecord
	fail    error
}

func (m *memory) Insert(_ context.Context, record kopokopo.StoredRecord) (bool, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if _, has := m.records[record.IdempotencyKey]; has {
		return false, nil
	}
	m.records[record.IdempotencyKey] = record
	return true, nil
}

func (m *memory) Update(_ context.Context, record kopokopo.StoredRecord, version uint64) (bool, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.fail != nil {
		return false, m.fail
	}
	if m.records[record.IdempotencyKey].Version != version {
		return false, nil
	}
	m.records[record.IdempotencyKey] = record
	return true, nil
}

func (m *memory) Get(_ context.Context, key string) (*kopokopo.StoredRecord, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if found, has := m.records[key]; has {
		return &found, nil
	}
	return nil, nil
}

func (m *memory) List(_ context.Context, query kopokopo.StoredQuery) ([]kopokopo.StoredRecord, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	var found []kopokopo.StoredRecord
	for key, record := range m.records {
		if key > query.AfterKey {
			found = append(found, record)
		}
	}
	sort.Slice(found, func(one, other int) bool { return found[one].IdempotencyKey < found[other].IdempotencyKey })
	return found[:min(len(found), query.Limit)], nil
}

func TestStoreOfTheProgram(t *testing.T) {
	api := sandbox.Reset(t)
	client := withJournal(t, api, kopokopo.NewRecordStore(&memory{records: map[string]kopokopo.StoredRecord{}}), kopokopo.JournalOptions{})
	id := pay(t, client, "order-1")
	if pay(t, client, "order-1") != id || api.Count(t, sandbox.Create) != 1 {
		t.Fatal("sent again")
	}
	found, err := journalOf(t, client).List(t.Context(), kopokopo.JournalQuery{})
	if err != nil || len(found) != 1 || found[0].Key != "order-1" {
		t.Fatal(found, err)
	}
}

func TestOutcomeThatIsNotWrittenIsAWarningWithTheKey(t *testing.T) {
	api := sandbox.Reset(t)
	var lines bytes.Buffer
	kopokopo.SetLogger(slog.New(slog.NewTextHandler(&lines, nil)))
	defer kopokopo.SetLogger(nil)
	store := &memory{records: map[string]kopokopo.StoredRecord{}, fail: errors.New("a-text")}
	client := withJournal(t, api, kopokopo.NewRecordStore(store), kopokopo.JournalOptions{})
	pay(t, client, "order-1")
	if text := lines.String(); strings.Count(text, "idempotency key order-1") != 1 || strings.Contains(text, "a-text") {
		t.Fatal(text)
	}
}

type storeFunc func() (string, error)

func (f storeFunc) Execute(context.Context, string) (string, error) { return f() }

func TestStoreThatFailsSendsNothing(t *testing.T) {
	api := sandbox.Reset(t)
	for _, store := range []storeFunc{
		func() (string, error) { return "", errors.New("the disk is full") },
		func() (string, error) { return "no JSON", nil },
		func() (string, error) { panic("a defect of the program") },
	} {
		client := withJournal(t, api, store, kopokopo.JournalOptions{})
		_, err := client.IncomingPayments().Create(t.Context(), sandbox.Push(), kopokopo.IdempotencyKey("order-1"))
		if !errors.Is(err, kopokopo.ErrJournal) {
			t.Fatal(err)
		}
	}
	if count := api.Count(t, sandbox.Create); count != 0 {
		t.Fatalf("%d requests", count)
	}
}

func TestTextsAndNumbersStayAsTheyAre(t *testing.T) {
	each(t, func(t *testing.T, own database) {
		db := own.open(t)
		createTables(t, db, own.dialect)
		store := kopokopo.NewSQLStore(db, own.dialect)
		text := "it's 100% \\ ? $1 \"Wanjikũ\"\n"
		names := []string{"idempotency_key", "version", "state", "operation", "fingerprint", "attempt", "owner", "created_at", "updated_at", "deadline_at", "error"}
		values := []any{"a-key", 1, "started", "send_money.create", "f", 1, "o", 1764320000123, 1, 1, text}
		marks := make([]string, len(names))
		for at := range marks {
			marks[at] = "?"
			if own.dialect == kopokopo.DialectPostgres {
				marks[at] = fmt.Sprintf("$%d", at+1)
			}
		}
		execute := func(statement string, parameters []any) string {
			request, err := json.Marshal(map[string]any{"sql": statement, "parameters": parameters})
			if err != nil {
				t.Fatal(err)
			}
			response, err := store.Execute(t.Context(), string(request))
			if err != nil {
				t.Fatal(err)
			}
			return response
		}
		insert := "INSERT INTO kopokopo_journal (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")"
		if response := execute(insert, values); response != `{"rows":[],"changed":1}` {
			t.Fatal(response)
		}
		var found struct{ Rows [][]any }
		response := execute("SELECT error, created_at, details FROM kopokopo_journal WHERE idempotency_key = "+marks[0], []any{"a-key"})
		if err := json.Unmarshal([]byte(response), &found); err != nil {
			t.Fatal(err)
		}
		if row := found.Rows[0]; row[0] != text || row[1] != 1764320000123.0 || row[2] != nil {
			t.Fatal(row)
		}
	})
}

func TestRecordIsOnTheDiskAlthoughTheConnectionDoesNotWaitForIt(t *testing.T) {
	each(t, func(t *testing.T, own database) {
		setting, show := "", ""
		switch own.dialect {
		case kopokopo.DialectSQLite:
			own.source, show = own.source+"?_synchronous=OFF", "PRAGMA synchronous"
		case kopokopo.DialectPostgres:
			own.source, show = own.source+"?options=-c%20synchronous_commit%3Doff", "SHOW synchronous_commit"
		default:
			own.source, show = own.source+"?autocommit=0", "SELECT @@autocommit"
		}
		db := own.open(t)
		if own.dialect == kopokopo.DialectMySQL {
			// A statement that makes a table commits.
			createTables(t, db, own.dialect)
		}
		api := sandbox.Reset(t)
		client := withJournal(t, api, kopokopo.NewSQLStore(db, own.dialect), kopokopo.JournalOptions{})
		pay(t, client, "order-1")
		if err := db.QueryRowContext(t.Context(), show).Scan(&setting); err != nil || !strings.Contains("0 off", setting) {
			t.Fatalf("the connection is not as the program made it: %s %v", setting, err)
		}
		_ = db.Close()
		own.source, _, _ = strings.Cut(own.source, "?")
		var count int
		if err := own.open(t).QueryRowContext(t.Context(), "SELECT count(*) FROM kopokopo_journal WHERE state = 'accepted'").Scan(&count); err != nil || count != 1 {
			t.Fatal(count, err)
		}
	})
}

func TestNothingIsSentIfTheFileIsDeletedOrReplaced(t *testing.T) {
	each(t, func(t *testing.T, own database) {
		if own.dialect != kopokopo.DialectSQLite {
			return
		}
		replace := func() error {
			found, err := os.ReadFile(own.source)
			if err != nil {
				return err
			}
			if err := os.WriteFile(own.source+"-2", found, 0o600); err != nil {
				return err
			}
			return os.Rename(own.source+"-2", own.source)
		}
		for _, move := range []func() error{replace, func() error { return os.Remove(own.source) }} {
			api := sandbox.Reset(t)
			client := withJournal(t, api, kopokopo.NewSQLStore(own.open(t), own.dialect), kopokopo.JournalOptions{})
			pay(t, client, "before")
			if err := move(); err != nil {
				t.Fatal(err)
			}
			sent := api.Count(t, sandbox.Create)
			for _, key := range []string{"before", "after"} {
				_, err := client.IncomingPayments().Create(t.Context(), sandbox.Push(), kopokopo.IdempotencyKey(key))
				if !errors.Is(err, kopokopo.ErrJournal) || !strings.Contains(err.Error(), "was deleted or replaced while it was open") {
					t.Fatal(err)
				}
			}
			if count := api.Count(t, sandbox.Create); count != sent {
				t.Fatalf("%d requests", count)
			}
		}
		memory := database{own.dialect, own.driver, ":memory:"}
		client := withJournal(t, sandbox.Reset(t), kopokopo.NewSQLStore(memory.open(t), own.dialect), kopokopo.JournalOptions{})
		_, err := client.IncomingPayments().Create(t.Context(), sandbox.Push(), kopokopo.IdempotencyKey("order-1"))
		if !errors.Is(err, kopokopo.ErrJournal) || !strings.Contains(err.Error(), "in memory") {
			t.Fatal(err)
		}
	})
}
