package kopokopo

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// arguments are those of a call, by their names in the contract.
type arguments struct {
	values map[string]any
	err    error
}

func newArguments() *arguments { return &arguments{values: map[string]any{}} }

func (a *arguments) add(name string, value any) {
	if given, has := a.given(name, reflect.ValueOf(value), true); has {
		a.values[name] = given
	}
}

// flatten adds the fields of a record.
func (a *arguments) flatten(record any) { a.fields(a.values, reflect.ValueOf(record)) }

func (a *arguments) fields(into map[string]any, record reflect.Value) {
	for at := range record.NumField() {
		tag := record.Type().Field(at).Tag.Get("k2")
		name, rest, _ := strings.Cut(tag, ",")
		if given, has := a.given(name, record.Field(at), strings.Contains(rest, "optional")); has {
			into[name] = given
		}
	}
}

// given returns a value as JSON has it, without the methods of its type, which hide secrets. Absent ones are left out.
func (a *arguments) given(name string, value reflect.Value, isOptional bool) (any, bool) {
	if !value.IsValid() {
		return nil, false
	}
	switch own := value.Interface().(type) {
	case time.Duration:
		return own.Seconds(), own != 0 || !isOptional
	case time.Time:
		if own.IsZero() {
			return nil, true
		}
		return own.Format(time.RFC3339Nano), true
	case Environment:
		return string(own), own != ""
	case Metadata:
		return a.metadata(name, own), own != nil
	}
	switch value.Kind() {
	case reflect.Pointer:
		if value.IsNil() {
			return nil, false
		}
		return a.given(name, value.Elem(), false)
	case reflect.Interface:
		if value.IsNil() {
			return nil, true
		}
		return a.given(name, value.Elem(), false)
	case reflect.Slice:
		if value.IsNil() && isOptional {
			return nil, false
		}
		items := make([]any, 0, value.Len())
		for at := range value.Len() {
			item, _ := a.given(name, value.Index(at), false)
			items = append(items, item)
		}
		return items, true
	case reflect.Struct:
		if raw := value.FieldByName("Raw"); raw.IsValid() {
			return raw.String(), true
		}
		found := map[string]any{}
		if union, is := value.Interface().(interface{ Kind() string }); is {
			found["type"] = union.Kind()
		}
		a.fields(found, value)
		return found, true
	case reflect.String:
		// JSON would replace the bytes by other characters.
		if !utf8.ValidString(value.String()) {
			a.refuse(name, "must be UTF-8")
		}
		return value.String(), true
	default:
		return value.Interface(), true
	}
}

// metadata returns the values without the methods of their types.
func (a *arguments) metadata(name string, given Metadata) map[string]any {
	found := make(map[string]any, len(given))
	for key, item := range given {
		value := reflect.ValueOf(item)
		if _, isNumber := item.(json.Number); !isNumber && value.IsValid() && value.Kind() == reflect.String {
			item, _ = a.given(name, value, false)
		}
		found[key] = item
	}
	return found
}

func (a *arguments) refuse(name, reason string) {
	if a.err == nil {
		a.err = &Error{Kind: KindInvalidRequest, Field: name, Detail: name + ": " + reason}
	}
}

func (a *arguments) text() (string, error) {
	text, err := json.Marshal(a.values)
	if err != nil {
		// The message of the JSON package may have the value.
		a.refuse("metadata", "must have texts, numbers and booleans only")
	}
	return string(text), a.err
}
