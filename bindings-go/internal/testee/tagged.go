package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

// unsupported says why the language's types do not allow a value.
type unsupported string

// variants are those that programs make.
var variants = []kopokopo.Destination{
	kopokopo.MerchantWalletDestination{}, kopokopo.MerchantBankAccountDestination{}, kopokopo.MobileWalletDestination{},
	kopokopo.BankAccountDestination{}, kopokopo.TillDestination{}, kopokopo.PaybillDestination{},
}

// convert makes a value of a type from JSON, with tags or without.
func convert(value any, kind reflect.Type) reflect.Value {
	made := reflect.New(kind).Elem()
	if value == nil {
		return made
	}
	if kind.Kind() == reflect.Pointer {
		pointer := reflect.New(kind.Elem())
		pointer.Elem().Set(convert(value, kind.Elem()))
		return pointer
	}
	if own := reflect.ValueOf(value); own.Type() == kind {
		return own
	}
	switch own := value.(type) {
	case map[string]any:
		convertObject(own, made)
	case []any:
		if kind.Kind() != reflect.Slice {
			panic(unsupported(fmt.Sprintf("a list in place of a %s", kind)))
		}
		made.Set(reflect.MakeSlice(kind, 0, len(own)))
		for _, item := range own {
			made.Set(reflect.Append(made, convert(item, kind.Elem())))
		}
	case string:
		if kind.Kind() != reflect.String {
			panic(unsupported(fmt.Sprintf("a text in place of a %s", kind)))
		}
		made.SetString(own)
	case bool:
		if kind.Kind() != reflect.Bool {
			panic(unsupported(fmt.Sprintf("a boolean in place of a %s", kind)))
		}
		made.SetBool(own)
	case json.Number:
		convertNumber(own, made)
	default:
		panic(unsupported(fmt.Sprintf("a %T in place of a %s", value, kind)))
	}
	return made
}

func convertNumber(number json.Number, made reflect.Value) {
	whole, err := number.Int64()
	seconds, _ := number.Float64()
	switch {
	case made.Type() == reflect.TypeFor[time.Duration]():
		made.SetInt(int64(seconds * float64(time.Second)))
	case err == nil && whole >= 0 && made.CanUint() && !made.OverflowUint(uint64(whole)):
		made.SetUint(uint64(whole))
	case err == nil && made.Type() == reflect.TypeFor[kopokopo.Amount]():
		made.Set(reflect.ValueOf(kopokopo.Shillings(whole)))
	default:
		panic(unsupported(fmt.Sprintf("the number %s in place of a %s", number, made.Type())))
	}
}

func convertObject(value map[string]any, made reflect.Value) {
	for tag, content := range value {
		switch tag {
		case "$amount", "$raw", "$word":
			made.SetString(content.(string))
			return
		case "$bytes":
			made.SetBytes(bytesOf(content.(string)))
			return
		case "$metadata":
			made.Set(reflect.ValueOf(kopokopo.Metadata(content.(map[string]any))))
			return
		case "$timestamp":
			found, err := time.Parse(time.RFC3339Nano, content.(string))
			if err != nil {
				panic(unsupported(err.Error()))
			}
			made.Set(reflect.ValueOf(found))
			return
		}
	}
	if made.Kind() == reflect.Interface {
		for _, variant := range variants {
			if variant.Kind() == value["kind"] {
				found := reflect.New(reflect.TypeOf(variant)).Elem()
				convertFields(value, found)
				made.Set(found)
				return
			}
		}
		panic(unsupported(fmt.Sprint("the alternative ", value["kind"])))
	}
	if made.Kind() != reflect.Struct {
		panic(unsupported(fmt.Sprintf("an object in place of a %s", made.Type())))
	}
	convertFields(value, made)
}

func convertFields(value map[string]any, made reflect.Value) {
	left := len(value)
	for at := range made.NumField() {
		name, _, _ := strings.Cut(made.Type().Field(at).Tag.Get("k2"), ",")
		item, has := value[name]
		if !has {
			continue
		}
		left--
		// A record of the library is more than what a program makes: what the function reads is enough.
		made.Field(at).Set(convert(item, made.Field(at).Type()))
	}
	for name := range value {
		if strings.HasPrefix(name, "$") || name == "kind" {
			left--
		}
	}
	if left > 0 {
		panic(unsupported(fmt.Sprintf("a %s has not all of these fields: %v", made.Type(), value)))
	}
}

// tagged returns a result as a tagged value.
func tagged(value reflect.Value) any {
	if !value.IsValid() {
		return nil
	}
	switch own := value.Interface().(type) {
	case time.Time:
		return map[string]any{"$timestamp": own.Format(time.RFC3339Nano)}
	case kopokopo.Amount:
		return map[string]any{"$amount": string(own)}
	case kopokopo.Raw:
		return map[string]any{"$raw": string(own)}
	case kopokopo.Metadata:
		if own == nil {
			return nil
		}
		return map[string]any{"$metadata": own}
	case kopokopo.Personal, kopokopo.Secret, kopokopo.Currency:
		return value.String()
	}
	switch value.Kind() {
	case reflect.Pointer:
		if value.IsNil() {
			return nil
		}
		if handle, is := value.Interface().(interface {
			ID() string
			Location() string
		}); is {
			return map[string]any{"$handle": value.Type().Elem().Name(), "id": handle.ID(), "location": handle.Location()}
		}
		return tagged(value.Elem())
	case reflect.Slice:
		items := []any{}
		for at := range value.Len() {
			items = append(items, tagged(value.Index(at)))
		}
		return items
	case reflect.Interface:
		if value.Type().NumMethod() == 0 {
			return tagged(value.Elem())
		}
		kind := value.Interface().(interface{ Kind() string }).Kind()
		return fieldsOf(value.Elem(), members{{"$union", value.Type().Name()}, {"kind", kind}})
	case reflect.Struct:
		return fieldsOf(value, members{{"$record", value.Type().Name()}})
	case reflect.String:
		if value.Type().Name() != "string" {
			return map[string]any{"$word": value.String(), "of": value.Type().Name()}
		}
		return value.String()
	default:
		return value.Interface()
	}
}

func fieldsOf(record reflect.Value, found members) any {
	for at := range record.NumField() {
		name, _, _ := strings.Cut(record.Type().Field(at).Tag.Get("k2"), ",")
		found = append(found, member{name, tagged(record.Field(at))})
	}
	return found
}

// members are those of an object, in the order of the contract.
type members []member

type member struct {
	name  string
	value any
}

// MarshalJSON returns the object.
func (m members) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	for at, member := range m {
		value, err := encode(member.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%c%q:%s", "{,"[min(at, 1)], member.name, value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func taggedError(err *kopokopo.Error) map[string]any {
	found := map[string]any{}
	value := reflect.ValueOf(err).Elem()
	for at := range value.NumField() {
		field := value.Type().Field(at)
		name, rest, _ := strings.Cut(field.Tag.Get("k2"), ",")
		switch {
		case name == "":
		case strings.HasPrefix(rest, "optional") && value.Field(at).IsZero():
			found[name] = nil
		case name == "retry_after":
			found["retry_after_ms"] = err.RetryAfter.Milliseconds()
		case name == "kind":
			found[name] = err.Kind
		default:
			found[name] = tagged(value.Field(at))
		}
	}
	// Retry libraries look for these.
	var network net.Error
	found["class"] = "Error"
	found["retried"] = errors.As(err, &network) || errors.Is(err, os.ErrDeadlineExceeded)
	return found
}

// textsOf returns the text forms of a result, an error or a client, by their names.
func textsOf(value any) map[string]any {
	found := map[string]any{"sprint": fmt.Sprint(value)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		found[verb] = fmt.Sprintf(verb, value)
	}
	if text, err := json.Marshal(value); err == nil {
		found["json"] = string(text)
	}
	var text, object bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("found", "value", value)
	slog.New(slog.NewJSONHandler(&object, nil)).Info("found", "value", value)
	found["slog text"], found["slog json"] = text.String(), object.String()
	return found
}

// lines is what the package logs.
type lines struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(line []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.Write(line)
}

func (l *lines) take() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	text := l.text.String()
	l.text.Reset()
	return text
}
