package kopokopo

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"regexp"
	"strconv"
)

// Amount is an exact decimal in whole units of its currency, such as shillings: "100.50". It is never a float.
//
// Two texts can be the same amount: compare amounts with [Amount.Equal] or [Amount.Cmp], not with ==.
type Amount string

// Shillings returns the amount of so many whole units.
func Shillings(whole int64) Amount { return Amount(strconv.FormatInt(whole, 10)) }

// decimal is what big.Rat must not read in another way: it knows fractions and exponents too.
var decimal = regexp.MustCompile(`^-?[0-9]{1,40}(\.[0-9]{1,40})?$`)

// ErrAmount is the error for a text that is not an exact decimal.
var ErrAmount = errors.New("kopokopo: the amount is not a decimal such as 100.50")

// Rat returns the exact number.
func (a Amount) Rat() (*big.Rat, error) {
	if !decimal.MatchString(string(a)) {
		return nil, ErrAmount
	}
	number, _ := new(big.Rat).SetString(string(a))
	return number, nil
}

// Cmp returns -1, 0 or 1 if the amount is less than the other one, equal to it, or greater.
func (a Amount) Cmp(other Amount) (int, error) {
	own, err := a.Rat()
	if err != nil {
		return 0, err
	}
	theirs, err := other.Rat()
	if err != nil {
		return 0, err
	}
	return own.Cmp(theirs), nil
}

// Equal returns whether both are the same amount: "100" and "100.00" are. What is not a decimal equals nothing.
func (a Amount) Equal(other Amount) bool {
	order, err := a.Cmp(other)
	return err == nil && order == 0
}

// MinorUnits returns the amount in hundredths, such as cents. It is an error if it has a smaller part or is too large.
func (a Amount) MinorUnits() (int64, error) {
	number, err := a.Rat()
	if err != nil {
		return 0, err
	}
	number.Mul(number, big.NewRat(100, 1))
	if !number.IsInt() || !number.Num().IsInt64() {
		return 0, fmt.Errorf("kopokopo: the amount has no exact number of hundredths: %w", ErrAmount)
	}
	return number.Num().Int64(), nil
}

// String returns the decimal.
func (a Amount) String() string { return string(a) }

// Currency is an ISO 4217 code: "KES".
type Currency string

// Metadata is a JSON object of names and texts, numbers or booleans, at most 5 in a request. Numbers of results are of the type
// [encoding/json.Number].
type Metadata map[string]any

// Personal is personal data: a phone number, a name, an account number. It prints as [redacted]; string(v) returns the text.
type Personal string

// Secret is a credential or a token. It prints as [redacted]; string(v) returns the text.
type Secret string

// Raw is the JSON text of a response or a webhook, exactly as received. It prints as [redacted]; string(v) returns the text.
type Raw string

// String returns [redacted].
func (Personal) String() string { return redacted }

// GoString returns [redacted].
func (Personal) GoString() string { return redacted }

// Format prints [redacted] for each verb.
func (Personal) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// MarshalText returns [redacted].
func (Personal) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns [redacted].
func (Personal) LogValue() slog.Value { return slog.StringValue(redacted) }

// String returns [redacted].
func (Secret) String() string { return redacted }

// GoString returns [redacted].
func (Secret) GoString() string { return redacted }

// Format prints [redacted] for each verb.
func (Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// MarshalText returns [redacted].
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns [redacted].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// String returns [redacted].
func (Raw) String() string { return redacted }

// GoString returns [redacted].
func (Raw) GoString() string { return redacted }

// Format prints [redacted] for each verb.
func (Raw) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// MarshalText returns [redacted].
func (Raw) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns [redacted].
func (Raw) LogValue() slog.Value { return slog.StringValue(redacted) }

// Ptr returns a pointer to a value, for fields that may be absent.
func Ptr[T any](value T) *T { return &value }
