// Command testee performs the requests of the conformance runner with this package. tests/conformance.md describes them.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

var hello = map[string]any{
	"language": "go", "engines": []string{"goroutines"}, "timestamp_digits": 9, "keeps_offsets": true,
	"sorts_metadata": true, "journal": true,
}

var functions = map[string]any{
	"version":          kopokopo.Version,
	"contract_hash":    kopokopo.ContractHash,
	"hash_phone":       kopokopo.HashPhone,
	"sign_webhook":     kopokopo.SignWebhook,
	"journal_schema":   kopokopo.JournalSchema,
	"event_claim":      kopokopo.EventClaim,
	"disbursements_to": kopokopo.DisbursementsTo,
}

// request is one of the runner's.
type request struct {
	ID        json.Number
	Do        string
	Client    string
	Operation string
	Name      string
	Method    string
	Body      string
	Signature *string
	Options   map[string]any
	With      map[string]any
	Wait      map[string]any
	Texts     bool
	Journal   *struct {
		URL     string
		Options map[string]any
	}
}

type testee struct {
	source  *source
	lock    sync.Mutex
	clients map[string]*kopokopo.Client
	log     lines
}

func main() {
	own := &testee{source: mustParse(), clients: map[string]*kopokopo.Client{}}
	kopokopo.SetLogger(slog.New(slog.NewTextHandler(&own.log, nil)))
	var output sync.Mutex
	input := bufio.NewReader(os.Stdin)
	for {
		line, err := input.ReadBytes('\n')
		if len(line) > 1 {
			go func() {
				response := own.respond(line)
				output.Lock()
				defer output.Unlock()
				fmt.Println(response)
			}()
		}
		if err != nil {
			return
		}
	}
}

func (t *testee) respond(line []byte) string {
	var asked request
	if err := decode(line, &asked); err != nil {
		panic(err)
	}
	response := t.result(&asked)
	response["id"] = asked.ID
	text, err := encode(response)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(out.Bytes()), err
}

func decode(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

func (t *testee) result(asked *request) (response map[string]any) {
	defer func() {
		if found := recover(); found != nil {
			if reason, is := found.(unsupported); is {
				response = map[string]any{"unsupported": string(reason)}
				return
			}
			fmt.Fprintf(os.Stderr, "%v\n%s", found, debug.Stack())
			response = map[string]any{"exception": fmt.Sprint("panic: ", found)}
		}
	}()
	switch asked.Do {
	case "hello":
		return map[string]any{"value": hello}
	case "surface":
		return map[string]any{"value": t.source.surface()}
	}
	value, err := t.perform(asked)
	var own *kopokopo.Error
	switch {
	case errors.As(err, &own):
		response = map[string]any{"error": taggedError(own)}
		value = err
	case err != nil:
		return map[string]any{"exception": fmt.Sprintf("%T: %v", err, err)}
	case asked.Do == "client":
		response = map[string]any{"value": nil}
	default:
		response = map[string]any{"value": tagged(reflect.ValueOf(value))}
	}
	if asked.Texts {
		texts := textsOf(value)
		texts["log"] = t.log.take()
		response["texts"] = texts
	}
	return response
}

func (t *testee) perform(asked *request) (any, error) {
	switch asked.Do {
	case "client":
		return t.makeClient(asked)
	case "call":
		return t.call(asked)
	case "verify":
		verifier, err := t.client(asked.Client).Webhooks()
		if err != nil {
			return nil, err
		}
		return verifier.VerifyRequest(delivery(asked))
	case "verifier":
		return verify(asked)
	case "function":
		function := reflect.ValueOf(functions[asked.Name])
		return invoke(function, t.source.functions[asked.Name], asked.With)
	case "close":
		t.lock.Lock()
		defer t.lock.Unlock()
		delete(t.clients, asked.Client)
		return nil, nil
	default:
		return nil, fmt.Errorf("unknown request: %s", asked.Do)
	}
}

func (t *testee) client(name string) *kopokopo.Client {
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.clients[name]
}

func (t *testee) makeClient(asked *request) (*kopokopo.Client, error) {
	client, err := kopokopo.NewClient(optionsOf[kopokopo.ClientOptions](asked.Options))
	if err == nil && asked.Journal != nil {
		options := optionsOf[kopokopo.JournalOptions](asked.Journal.Options)
		client, err = client.WithJournal(store(asked.Journal.URL), options)
	}
	if err != nil {
		return nil, err
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	t.clients[asked.Client] = client
	return client, nil
}

// store is the runner's, at a URL.
type store string

func (s store) Execute(ctx context.Context, request string) (string, error) {
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, string(s), strings.NewReader(request))
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(post)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(string(body))
	}
	return string(body), err
}

func (t *testee) call(asked *request) (any, error) {
	client := t.client(asked.Client)
	if asked.Options != nil {
		found, err := client.WithOptions(optionsOf[kopokopo.CallOptions](asked.Options))
		if err != nil {
			return nil, err
		}
		client = found
	}
	name, method, _ := strings.Cut(asked.Operation, ".")
	found := methodOf(reflect.ValueOf(client), name).Call(nil)
	section := found[0]
	if len(found) == 2 && !found[1].IsNil() {
		return nil, found[1].Interface().(error)
	}
	with := asked.With
	isWait := method == "wait" || method == "watch"
	if isWait {
		with = map[string]any{}
		maps.Copy(with, asked.With)
		maps.Copy(with, withLengths(asked.Wait))
	}
	called := methodOf(section, method)
	parameters := t.source.objects[section.Type().Elem().Name()][method]
	if method == "watch" {
		return states(called, parameters, with)
	}
	result, err := invoke(called, parameters, with)
	if err != nil || asked.Wait == nil || isWait {
		return result, err
	}
	wait := methodOf(reflect.ValueOf(result), "wait")
	return invoke(wait, t.source.objects[reflect.TypeOf(result).Elem().Name()]["wait"], withLengths(asked.Wait))
}

// states returns those that a watch yields.
func states(watch reflect.Value, parameters []parameter, with map[string]any) (any, error) {
	found := []any{}
	sequence := watch.Call(given(watch.Type(), parameters, with))[0]
	for state, err := range sequence.Seq2() {
		if !err.IsNil() {
			return nil, err.Interface().(error)
		}
		found = append(found, state.Interface())
	}
	return found, nil
}

func verify(asked *request) (any, error) {
	verifier, err := kopokopo.NewWebhookVerifier(optionsOf[kopokopo.WebhookVerifierOptions](asked.Options))
	if err != nil {
		return nil, err
	}
	switch asked.Method {
	case "verify_signature":
		return nil, verifier.VerifySignature(bytesOf(asked.Body), *asked.Signature)
	case "parse_unverified":
		return verifier.ParseUnverified(bytesOf(asked.Body))
	default:
		return verifier.VerifyRequest(delivery(asked))
	}
}

// delivery is the request of a webhook.
func delivery(asked *request) *http.Request {
	found, err := http.NewRequest(http.MethodPost, "http://shop.example", bytes.NewReader(bytesOf(asked.Body)))
	if err != nil {
		panic(err)
	}
	if asked.Signature != nil {
		found.Header.Set(kopokopo.SignatureHeader, *asked.Signature)
	}
	return found
}

func bytesOf(text string) []byte {
	found, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return found
}

// methodOf finds a method by its name in the contract.
func methodOf(receiver reflect.Value, name string) reflect.Value {
	for at := range receiver.NumMethod() {
		if snake(receiver.Type().Method(at).Name) == name {
			return receiver.Method(at)
		}
	}
	panic(fmt.Sprintf("%s has no method %s", receiver.Type(), name))
}

// invoke calls a function with arguments by their names in the contract.
func invoke(function reflect.Value, parameters []parameter, with map[string]any) (any, error) {
	found := function.Call(given(function.Type(), parameters, with))
	last := found[len(found)-1]
	if last.Type() == reflect.TypeFor[error]() {
		if !last.IsNil() {
			return nil, last.Interface().(error)
		}
		found = found[:len(found)-1]
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0].Interface(), nil
}

func given(function reflect.Type, parameters []parameter, with map[string]any) []reflect.Value {
	var found []reflect.Value
	used := map[string]bool{}
	if function.NumIn() > 0 && function.In(0) == reflect.TypeFor[context.Context]() {
		found = append(found, reflect.ValueOf(context.Background()))
	}
	for _, parameter := range parameters {
		kind := function.In(len(found))
		if parameter.isFlat {
			fields := map[string]any{}
			for _, name := range parameter.words {
				if value, has := with[name]; has {
					fields[name] = value
				}
				used[name] = true
			}
			found = append(found, convert(fields, kind))
			continue
		}
		found = append(found, convert(with[parameter.words[0]], kind))
		used[parameter.words[0]] = true
	}
	for name := range with {
		if !used[name] {
			panic(unsupported("there is no argument " + name))
		}
	}
	return found
}

func optionsOf[T any](given map[string]any) T {
	return convert(withLengths(given), reflect.TypeFor[T]()).Interface().(T)
}

// withLengths returns options whose lengths of time, in milliseconds, have their type.
func withLengths(options map[string]any) map[string]any {
	found := map[string]any{}
	for name, value := range options {
		if own, is := strings.CutSuffix(name, "_ms"); is {
			number, err := value.(json.Number).Float64()
			if err != nil {
				panic(err)
			}
			length := time.Duration(number * float64(time.Millisecond))
			// Zero means the default in Go: the next value that is refused too, or that is as good.
			switch {
			case length == 0 && strings.HasSuffix(own, "timeout"):
				length = -1
			case length == 0:
				length = 1
			}
			name, value = own, length
		}
		found[name] = value
	}
	return found
}
