package kopokopo

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// StoredRecord is a record of a journal as a [RecordStore] keeps it.
type StoredRecord struct {
	IdempotencyKey string
	Version        uint64
	State          string
	Operation      string
	CreatedAt      time.Time
	// Document is the whole record: the store returns it as it is.
	Document json.RawMessage
}

// StoredQuery chooses records. What is empty or zero does not matter.
type StoredQuery struct {
	States    []string
	Operation string
	// Those that were created at this time or later.
	CreatedFrom time.Time
	// Those that were created before.
	CreatedBefore time.Time
	// Those whose key comes after.
	AfterKey string
	// The largest number of records.
	Limit int
}

// RecordStore keeps the records of a journal anywhere. Each method must be atomic, and durable when it returns. They are called by
// several goroutines at a time.
type RecordStore interface {
	// Insert adds a record. It returns false, and changes nothing, if its key exists.
	Insert(ctx context.Context, record StoredRecord) (bool, error)
	// Update replaces the record with the same key if it has this version. Otherwise it returns false, and changes nothing.
	Update(ctx context.Context, record StoredRecord, version uint64) (bool, error)
	// Get returns the record of a key, or nil.
	Get(ctx context.Context, key string) (*StoredRecord, error)
	// List returns the records that match, in the order of their keys.
	List(ctx context.Context, query StoredQuery) ([]StoredRecord, error)
}

// NewRecordStore makes a journal's store of one that keeps records.
func NewRecordStore(store RecordStore) JournalStore { return recordStore{store} }

type recordStore struct{ own RecordStore }

// Execute runs a request of the journal.
func (s recordStore) Execute(ctx context.Context, request string) (string, error) {
	var asked struct {
		Operation     string
		Record        json.RawMessage
		Version       uint64
		Key           string
		States        []string
		Name          string
		CreatedFrom   *int64 `json:"created_from"`
		CreatedBefore *int64 `json:"created_before"`
		AfterKey      string `json:"after_key"`
		Limit         int
	}
	if err := json.Unmarshal([]byte(request), &asked); err != nil {
		return "", err
	}
	result, err := func() (any, error) {
		switch asked.Operation {
		case "insert":
			record, err := stored(asked.Record)
			if err != nil {
				return nil, err
			}
			return s.own.Insert(ctx, record)
		case "update":
			record, err := stored(asked.Record)
			if err != nil {
				return nil, err
			}
			return s.own.Update(ctx, record, asked.Version)
		case "get":
			found, err := s.own.Get(ctx, asked.Key)
			if err != nil || found == nil {
				return nil, err
			}
			return found.Document, nil
		case "list":
			found, err := s.own.List(ctx, StoredQuery{
				asked.States, asked.Name, fromMilliseconds(asked.CreatedFrom), fromMilliseconds(asked.CreatedBefore), asked.AfterKey, asked.Limit,
			})
			documents := make([]json.RawMessage, 0, len(found))
			for _, record := range found {
				documents = append(documents, record.Document)
			}
			return documents, err
		default:
			return nil, fmt.Errorf("the operation %s is not known", asked.Operation)
		}
	}()
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(result)
	return string(text), err
}

func stored(document json.RawMessage) (StoredRecord, error) {
	var fields struct {
		IdempotencyKey string `json:"idempotency_key"`
		Version        uint64 `json:"version"`
		State          string `json:"state"`
		Operation      string `json:"operation"`
		CreatedAt      int64  `json:"created_at"`
	}
	err := json.Unmarshal(document, &fields)
	return StoredRecord{
		fields.IdempotencyKey, fields.Version, fields.State, fields.Operation, time.UnixMilli(fields.CreatedAt).UTC(), document,
	}, err
}

func fromMilliseconds(milliseconds *int64) time.Time {
	if milliseconds == nil {
		return time.Time{}
	}
	return time.UnixMilli(*milliseconds).UTC()
}
