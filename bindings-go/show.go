package kopokopo

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

const redacted = "[redacted]"

// shown returns the text of a record: what is absent is left out, and what is personal or secret is redacted.
func shown(record any) string {
	var out strings.Builder
	show(&out, reflect.ValueOf(record))
	return out.String()
}

func show(out *strings.Builder, value reflect.Value) {
	switch own := value.Interface().(type) {
	case time.Time:
		out.WriteString(own.Format(time.RFC3339Nano))
		return
	case time.Duration:
		out.WriteString(own.String())
		return
	case Personal, Secret, Raw, Metadata:
		out.WriteString(redacted)
		return
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() {
			out.WriteString("nil")
			return
		}
		show(out, value.Elem())
	case reflect.Slice:
		out.WriteByte('[')
		for at := range value.Len() {
			if at > 0 {
				out.WriteString(", ")
			}
			show(out, value.Index(at))
		}
		out.WriteByte(']')
	case reflect.Struct:
		out.WriteString(value.Type().Name() + "{")
		separator := ""
		for at := range value.NumField() {
			field := value.Type().Field(at)
			found := value.Field(at)
			if found.IsZero() {
				continue
			}
			out.WriteString(separator + field.Name + ": ")
			separator = ", "
			if isHidden(field) {
				out.WriteString(redacted)
			} else {
				show(out, found)
			}
		}
		out.WriteByte('}')
	case reflect.String:
		out.WriteString(strconv.Quote(value.String()))
	default:
		fmt.Fprint(out, value.Interface())
	}
}

func isHidden(field reflect.StructField) bool {
	return strings.HasSuffix(field.Tag.Get("k2"), ",hidden")
}

// shownJSON returns the same as JSON, with the contract's names.
func shownJSON(record any) ([]byte, error) {
	return json.Marshal(plain(reflect.ValueOf(record)))
}

func plain(value reflect.Value) any {
	switch own := value.Interface().(type) {
	case time.Time:
		return own.Format(time.RFC3339Nano)
	case time.Duration:
		return own.Seconds()
	case Personal, Secret, Raw, Metadata:
		return redacted
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() {
			return nil
		}
		return plain(value.Elem())
	case reflect.Slice:
		items := make([]any, 0, value.Len())
		for at := range value.Len() {
			items = append(items, plain(value.Index(at)))
		}
		return items
	case reflect.Struct:
		found := map[string]any{}
		if union, is := value.Interface().(interface{ Kind() string }); is {
			found["type"] = union.Kind()
		}
		for at := range value.NumField() {
			field := value.Type().Field(at)
			name, _, _ := strings.Cut(field.Tag.Get("k2"), ",")
			if isHidden(field) && !value.Field(at).IsZero() {
				found[name] = redacted
			} else {
				found[name] = plain(value.Field(at))
			}
		}
		return found
	case reflect.String:
		return value.String()
	default:
		return value.Interface()
	}
}
