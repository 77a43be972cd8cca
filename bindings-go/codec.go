package kopokopo

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The marks of a value. The README of the C ABI describes them.
const (
	separator = "\x01"
	escape    = "\x02"
	absent    = "\x03"
	open      = "\x03{"
)

var unescape = strings.NewReplacer("\x02A", separator, "\x02B", escape, "\x02C", absent)

// reader reads the values of a result, in the order of the contract.
type reader struct {
	rest string
	raws []string
	err  error
}

func newReader(data []byte) *reader {
	r := &reader{}
	var parts []string
	for len(data) > 0 {
		if len(data) < 4 || uint64(len(data)-4) < uint64(binary.LittleEndian.Uint32(data)) {
			r.fail("data that was cut off")
			return r
		}
		end := 4 + int(binary.LittleEndian.Uint32(data))
		parts = append(parts, string(data[4:end]))
		data = data[end:]
	}
	if len(parts) == 0 || len(parts[0]) < 2 || !strings.HasPrefix(parts[0], separator) || !strings.HasSuffix(parts[0], separator) {
		r.fail("text that was cut off")
		return r
	}
	r.rest, r.raws = parts[0][1:], parts[1:]
	return r
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = &Error{Kind: KindInternal, Detail: "internal error: the library returned " + what}
	}
	r.rest = ""
}

func (r *reader) next() string {
	token, rest, found := strings.Cut(r.rest, separator)
	if !found {
		r.fail("too few values")
		return ""
	}
	r.rest = rest
	return token
}

// isAbsent reads an absent value, if the next one is absent.
func (r *reader) isAbsent() bool {
	if strings.HasPrefix(r.rest, absent+separator) {
		r.rest = r.rest[len(absent+separator):]
		return true
	}
	return false
}

func (r *reader) open(name string) {
	if token := r.next(); token != open && r.err == nil {
		r.fail("another value in place of " + name)
	}
}

// read makes a function of one that reads a value, for the result of a call.
func read[T any](value func(*reader) T) func(ended, error) (T, error) {
	return func(found ended, err error) (T, error) {
		var none T
		if err != nil {
			return none, err
		}
		r := newReader(found.data)
		var result T
		if r.err == nil {
			result = value(r)
		}
		if r.err == nil && r.rest != "" {
			r.fail("too many values")
		}
		if r.err != nil {
			return none, r.err
		}
		return result, nil
	}
}

// made makes a function of one that wraps an object, for the result of a call.
func made[T any](wrap func(native) *T) func(native, error) (*T, error) {
	return func(own native, err error) (*T, error) {
		if err != nil {
			return nil, err
		}
		return wrap(own), nil
	}
}

func refer[T any](value T) *T { return &value }

func readText[T ~string](r *reader) T {
	token := r.next()
	if strings.Contains(token, escape) {
		token = unescape.Replace(token)
	}
	return T(token)
}

func readBool(r *reader) bool {
	switch token := r.next(); token {
	case "true":
		return true
	case "false":
		return false
	default:
		r.fail("another value in place of a boolean")
		return false
	}
}

func readNumber[T uint16 | uint32 | uint64](r *reader) T {
	number, err := strconv.ParseUint(r.next(), 10, 64)
	if err != nil || uint64(T(number)) != number {
		r.fail("another value in place of a number")
	}
	return T(number)
}

func readDuration(r *reader) time.Duration {
	seconds, err := strconv.ParseFloat(r.next(), 64)
	if err != nil {
		r.fail("another value in place of a number of seconds")
	}
	return secondsOf(seconds)
}

func secondsOf(seconds float64) time.Duration {
	const longest = time.Duration(1<<63 - 1)
	if seconds >= longest.Seconds() {
		return longest
	}
	return time.Duration(seconds * float64(time.Second))
}

func readTime(r *reader) time.Time {
	text := readText[string](r)
	found, err := time.Parse(time.RFC3339Nano, text)
	if err != nil && r.err == nil {
		r.fail("a time that Go cannot read: " + strconv.Quote(text))
	}
	return found
}

func readMetadata(r *reader) Metadata {
	text := readText[string](r)
	if r.err != nil {
		return nil
	}
	found := Metadata{}
	// An integer of any size keeps its digits.
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&found); err != nil {
		r.fail("metadata that is not JSON")
	}
	return found
}

// No record has one now, and a later contract may.
var _ = readOptionalMetadata

func readOptionalMetadata(r *reader) Metadata {
	if r.isAbsent() {
		return nil
	}
	return readMetadata(r)
}

func readRaw(r *reader) Raw {
	at, err := strconv.Atoi(r.next())
	if err != nil || at < 1 || at > len(r.raws) {
		r.fail("a raw text that is absent")
		return ""
	}
	return Raw(r.raws[at-1])
}

func readOptional[T any](r *reader, value func(*reader) T) *T {
	if r.isAbsent() {
		return nil
	}
	found := value(r)
	return &found
}

func readList[T any](r *reader, value func(*reader) T) []T {
	count, err := strconv.Atoi(r.next())
	// Each item has at least its separator.
	if err != nil || count < 0 || count > len(r.rest) {
		r.fail("another value in place of a list")
		return nil
	}
	found := make([]T, 0, count)
	for range count {
		if r.err != nil {
			return nil
		}
		found = append(found, value(r))
	}
	return found
}

// errorOf reads an error of the library.
func errorOf(data []byte) error {
	var fields errorFields
	if err := json.Unmarshal(data, &fields); err != nil {
		return fmt.Errorf("%san error that cannot be read: %w", errMisuse, err)
	}
	return fields.error()
}

// timeOf reads the time of an error. What cannot be read is left out: it is no reason for another error.
func timeOf(text string) time.Time {
	found, _ := time.Parse(time.RFC3339Nano, text)
	return found
}

func durationOf(seconds *float64) *time.Duration {
	if seconds == nil {
		return nil
	}
	return refer(secondsOf(*seconds))
}
