package kopokopo

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// The dialects of SQL, for [NewSQLStore], [JournalSchema] and [EventClaim]. MySQL is MariaDB's too.
const (
	DialectSQLite   = "sqlite"
	DialectPostgres = "postgres"
	DialectMySQL    = "mysql"
)

const (
	// longestStatement is how long a statement waits for a connection and for the locks of others.
	longestStatement = 30 * time.Second
	lockPause        = 10 * time.Millisecond
	// fullSynchronous is SQLite's number for a commit that is on the disk when it returns.
	fullSynchronous = 2
)

// SQLStore is a journal's store in a database: a file of SQLite, PostgreSQL, MySQL or MariaDB. Each statement runs on a connection
// of its own from the pool, and is committed when it returns: a rollback of the program must not remove the record of a request
// that was sent. So the pool needs a connection more for each goroutine that makes calls with a key at the same time.
type SQLStore struct {
	db      *sql.DB
	dialect string
	lock    sync.Mutex
	// files are those of SQLite by their paths. A file that was replaced has records that other processes do not find.
	files map[string]fs.FileInfo
}

// NewSQLStore returns a store in a database, whose dialect is [DialectSQLite], [DialectPostgres] or [DialectMySQL]. It works with
// each driver. [Client.WithJournal] needs no dialect and no placeholder then.
func NewSQLStore(db *sql.DB, dialect string) *SQLStore {
	return &SQLStore{db: db, dialect: dialect, files: map[string]fs.FileInfo{}}
}

// complete sets the options of the journal that the store knows.
func (s *SQLStore) complete(arguments *arguments) {
	arguments.values["dialect"] = s.dialect
	arguments.values["placeholder"] = placeholderOf(s.dialect)
}

func placeholderOf(dialect string) string {
	if dialect == DialectPostgres {
		return "$1"
	}
	return "?"
}

// Execute runs a statement of the journal. It is called by the library.
func (s *SQLStore) Execute(ctx context.Context, request string) (string, error) {
	var asked struct {
		SQL        string
		Parameters []any
	}
	decoder := json.NewDecoder(strings.NewReader(request))
	decoder.UseNumber()
	if err := decoder.Decode(&asked); err != nil {
		return "", err
	}
	for at, value := range asked.Parameters {
		if number, is := value.(json.Number); is {
			whole, err := number.Int64()
			if err != nil {
				return "", err
			}
			asked.Parameters[at] = whole
		}
	}
	ctx, cancel := context.WithTimeout(ctx, longestStatement)
	defer cancel()
	result, err := s.run(ctx, asked.SQL, asked.Parameters)
	if err != nil {
		return "", explained(err, "kopokopo_journal")
	}
	text, err := json.Marshal(result)
	return string(text), err
}

type statementResult struct {
	Rows    [][]any `json:"rows"`
	Changed int64   `json:"changed"`
}

func (s *SQLStore) run(ctx context.Context, statement string, parameters []any) (statementResult, error) {
	// A new connection would make a new file, and delete the log of the old one.
	if err := s.checkFiles(); err != nil {
		return statementResult{}, err
	}
	connection, err := s.db.Conn(ctx)
	if err != nil {
		return statementResult{}, fmt.Errorf("no connection: the journal needs one of its own from the pool: %w", err)
	}
	defer func() { _ = connection.Close() }()
	switch s.dialect {
	case DialectSQLite:
		return s.runSQLite(ctx, connection, statement, parameters)
	case DialectPostgres:
		return runPostgres(ctx, connection, statement, parameters)
	default:
		return runInTransaction(ctx, connection, "", statement, parameters)
	}
}

// runSQLite waits for the locks of others also if the program's connections do not.
func (s *SQLStore) runSQLite(ctx context.Context, connection *sql.Conn, statement string, parameters []any) (statementResult, error) {
	var number int
	var name, path string
	if err := connection.QueryRowContext(ctx, "PRAGMA database_list").Scan(&number, &name, &path); err != nil {
		return statementResult{}, err
	}
	if path == "" {
		return statementResult{}, errors.New("its database is in memory: it must be a file, because a journal must survive the program")
	}
	for {
		result, err := runSynchronously(ctx, connection, statement, parameters)
		if err == nil {
			return result, s.keepFile(path)
		}
		if !isLocked(err) {
			return result, err
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return result, err
		}
	}
}

func isLocked(err error) bool {
	text := err.Error()
	return strings.Contains(text, "database is locked") || strings.Contains(text, "database table is locked") || strings.Contains(text, "SQLITE_BUSY")
}

// runSynchronously runs a statement whose commit is on the disk when it returns, and leaves the connection as it was.
func runSynchronously(ctx context.Context, connection *sql.Conn, statement string, parameters []any) (statementResult, error) {
	var setting int
	if err := connection.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&setting); err != nil {
		return statementResult{}, err
	}
	if setting < fullSynchronous {
		if _, err := connection.ExecContext(ctx, "PRAGMA synchronous = FULL"); err != nil {
			return statementResult{}, err
		}
		defer func() {
			_, _ = connection.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA synchronous = %d", setting))
		}()
	}
	return query(ctx, connection, statement, parameters)
}

// runPostgres does not wait for the disk with each statement if the program does not: the setting is that of the transaction,
// because a proxy may share the session.
func runPostgres(ctx context.Context, connection *sql.Conn, statement string, parameters []any) (statementResult, error) {
	if isQuery(statement) {
		return query(ctx, connection, statement, parameters)
	}
	var setting string
	if err := connection.QueryRowContext(ctx, "SHOW synchronous_commit").Scan(&setting); err != nil {
		return statementResult{}, err
	}
	if setting != "off" {
		return query(ctx, connection, statement, parameters)
	}
	return runInTransaction(ctx, connection, "SET LOCAL synchronous_commit = on", statement, parameters)
}

// runInTransaction commits, also if the session does not commit each statement.
func runInTransaction(ctx context.Context, connection *sql.Conn, setting, statement string, parameters []any) (statementResult, error) {
	transaction, err := connection.BeginTx(ctx, nil)
	if err != nil {
		return statementResult{}, err
	}
	defer func() { _ = transaction.Rollback() }()
	if setting != "" {
		if _, err := transaction.ExecContext(ctx, setting); err != nil {
			return statementResult{}, err
		}
	}
	result, err := query(ctx, transaction, statement, parameters)
	if err != nil {
		return result, err
	}
	return result, transaction.Commit()
}

// executor is a connection or a transaction.
type executor interface {
	ExecContext(ctx context.Context, statement string, parameters ...any) (sql.Result, error)
	QueryContext(ctx context.Context, statement string, parameters ...any) (*sql.Rows, error)
}

func isQuery(statement string) bool {
	return strings.HasPrefix(strings.ToUpper(strings.TrimSpace(statement)), "SELECT")
}

func query(ctx context.Context, own executor, statement string, parameters []any) (result statementResult, err error) {
	result.Rows = [][]any{}
	if !isQuery(statement) {
		changed, err := own.ExecContext(ctx, statement, parameters...)
		if err != nil {
			return result, err
		}
		// A driver may not count after a statement that makes a table.
		result.Changed, _ = changed.RowsAffected()
		return result, nil
	}
	rows, err := own.QueryContext(ctx, statement, parameters...)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return result, err
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for at := range row {
			into[at] = &row[at]
		}
		if err := rows.Scan(into...); err != nil {
			return result, err
		}
		for at, value := range row {
			if text, is := value.([]byte); is {
				row[at] = string(text)
			}
		}
		result.Rows = append(result.Rows, row)
	}
	return result, rows.Err()
}

// checkFiles refuses files that were deleted or replaced.
func (s *SQLStore) checkFiles() error {
	s.lock.Lock()
	defer s.lock.Unlock()
	for path, known := range s.files {
		if found, err := os.Stat(path); err != nil || !os.SameFile(known, found) {
			return replaced(path)
		}
	}
	return nil
}

// keepFile remembers the file that the store has used first. A new one exists from the first statement on.
func (s *SQLStore) keepFile(path string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	found, err := os.Stat(path)
	if err != nil {
		return replaced(path)
	}
	if known, has := s.files[path]; has && !os.SameFile(known, found) {
		return replaced(path)
	}
	s.files[path] = found
	return nil
}

func replaced(path string) error {
	return fmt.Errorf("the file %s was deleted or replaced while it was open. Its records are not in another file: restore it, or "+
		"find out what was sent, and start the program again", path)
}

// explained says how to make a table that does not exist.
func explained(err error, table string) error {
	text := err.Error()
	isMissing := strings.Contains(text, "no such table") || strings.Contains(text, "does not exist") || strings.Contains(text, "doesn't exist")
	if isMissing && strings.Contains(text, table) {
		return fmt.Errorf("the table %s does not exist: create it in a migration with the statements of JournalSchema: %w", table, err)
	}
	return err
}
