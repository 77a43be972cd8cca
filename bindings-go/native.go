package kopokopo

// #include "bridge.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"
)

// errMisuse is the beginning of errors that say that the library was not used as its header demands.
const errMisuse = "kopokopo: internal error: "

var prepare = sync.OnceValue(func() error {
	if found := C.GoString(C.kopokopo_contract()); found != contractHash {
		return &Error{
			Kind:   KindConfiguration,
			Detail: "the library kopokopo_c is of another version: its contract is " + found + ", and that of the package is " + contractHash,
		}
	}
	name, length := textOf("go")
	if status := C.kopokopo_set_language(name, length); status != C.KOPOKOPO_STATUS_OK {
		return misuse(status)
	}
	if status := C.kopokopo_go_set_log(); status != C.KOPOKOPO_STATUS_OK {
		return misuse(status)
	}
	return nil
})

// handle is the number of an object of the library, which is freed with the last reference.
type handle struct{ number C.uint64_t }

// native is an object of the library, or the reason why it does not exist: a section is made without an error.
type native struct {
	own *handle
	err error
	// client is the client that a section is of, and word the section's name.
	client *handle
	word   string
}

func owned(number C.uint64_t) native {
	own := &handle{number}
	runtime.AddCleanup(own, func(number C.uint64_t) { C.kopokopo_free(number) }, number)
	return native{own: own}
}

// ended is how a call ended. The data is Go's own.
type ended struct {
	status C.KopokopoStatus
	data   []byte
	object C.uint64_t
}

func textOf(text string) (*C.char, C.size_t) {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text))), C.size_t(len(text))
}

func bytesOf(body []byte) (*C.uint8_t, C.size_t) {
	if len(body) == 0 {
		// A null pointer is a mistake of the caller, and an empty body is none.
		body = []byte{0}
		return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(body))), 0
	}
	return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(body))), C.size_t(len(body))
}

func misuse(status C.KopokopoStatus) error {
	if status == C.KOPOKOPO_STATUS_SHUT_DOWN {
		return &Error{Kind: KindConfiguration, Detail: "the library was shut down"}
	}
	return fmt.Errorf("%sstatus %d", errMisuse, int(status))
}

// taken copies what a result has, and frees it.
func taken(status C.KopokopoStatus, out *C.KopokopoResult) ended {
	found := ended{status: status, object: out.object}
	if out.handle != 0 {
		found.data = C.GoBytes(unsafe.Pointer(out.data), C.int(out.length))
		C.kopokopo_free(out.handle)
	}
	return found
}

// result returns the data or the object, or the error.
func (e ended) result() (ended, error) {
	switch e.status {
	case C.KOPOKOPO_STATUS_OK:
		return e, nil
	case C.KOPOKOPO_STATUS_ERROR:
		return ended{}, errorOf(e.data)
	default:
		return ended{}, misuse(e.status)
	}
}

func (e ended) native(err error) (native, error) {
	if err != nil {
		return native{}, err
	}
	if e.object == 0 {
		return native{}, errors.New(errMisuse + "a value in place of an object")
	}
	return owned(e.object), nil
}

func makeObject(object, constructor string, arguments *arguments) (native, error) {
	if err := prepare(); err != nil {
		return native{}, err
	}
	given, err := arguments.text()
	if err != nil {
		return native{}, err
	}
	var out C.KopokopoResult
	objectText, objectLength := textOf(object)
	name, nameLength := textOf(constructor)
	text, length := textOf(given)
	status := C.kopokopo_make(objectText, objectLength, name, nameLength, text, length, &out)
	found, err := taken(status, &out).result()
	return found.native(err)
}

func callFunction(function string, arguments *arguments) (ended, error) {
	if err := prepare(); err != nil {
		return ended{}, err
	}
	given, err := arguments.text()
	if err != nil {
		return ended{}, err
	}
	var out C.KopokopoResult
	name, nameLength := textOf(function)
	text, length := textOf(given)
	status := C.kopokopo_function(name, nameLength, text, length, &out)
	return taken(status, &out).result()
}

// check returns why there is no object to call.
func (n native) check() error {
	if n.err == nil && n.own == nil {
		return &Error{Kind: KindConfiguration, Detail: "the object was not made by a function of the package"}
	}
	return n.err
}

// ask calls a method that sends nothing.
func (n native) ask(method string, arguments *arguments) (ended, error) {
	if err := n.check(); err != nil {
		return ended{}, err
	}
	given, err := arguments.text()
	if err != nil {
		return ended{}, err
	}
	var out C.KopokopoResult
	name, nameLength := textOf(method)
	text, length := textOf(given)
	status := C.kopokopo_call_sync(n.own.number, name, nameLength, text, length, &out)
	runtime.KeepAlive(n.own)
	return taken(status, &out).result()
}

func (n native) section(method string) native {
	found, err := n.ask(method, newArguments())
	own, err := found.native(err)
	if err != nil {
		return native{err: err}
	}
	own.client, own.word = n.own, method
	return own
}

// askObject calls a method that sends nothing and returns an object.
func (n native) askObject(method string, arguments *arguments) (native, error) {
	found, err := n.ask(method, arguments)
	return found.native(err)
}

// call calls a method that sends requests. If the context ends, the call is cancelled, and the result is what the library knows:
// an error of the context means that nothing was created, and none of a create that was sent is hidden by it.
func (n native) call(ctx context.Context, method string, arguments *arguments) (ended, error) {
	if err := n.check(); err != nil {
		return ended{}, err
	}
	if err := ctx.Err(); err != nil {
		return ended{}, nothingSent(method, err)
	}
	given, err := arguments.text()
	if err != nil {
		return ended{}, err
	}
	number, done := calls.add(make(chan ended, 1))
	name, nameLength := textOf(method)
	text, length := textOf(given)
	begun := C.kopokopo_go_call(n.own.number, name, nameLength, text, length, C.uintptr_t(number))
	runtime.KeepAlive(n.own)
	if begun.status != C.KOPOKOPO_STATUS_OK {
		calls.take(number)
		return ended{}, misuse(begun.status)
	}
	select {
	case found := <-done:
		return found.result()
	case <-ctx.Done():
		// It fails if the call has ended: then the result is on its way.
		C.kopokopo_cancel(begun.call)
	}
	found := <-done
	if found.status == C.KOPOKOPO_STATUS_CANCELLED {
		return ended{}, nothingSent(method, ctx.Err())
	}
	result, err := found.result()
	var own *Error
	if errors.As(err, &own) {
		switch own.Kind {
		case KindOutcomeUnknown:
			own.contextError = ctx.Err()
		case KindConnection, KindTimeout:
			// Nothing was created: a create that was sent has another kind.
			err = fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}
	return result, err
}

func nothingSent(method string, err error) error {
	return fmt.Errorf("kopokopo: %s was given up, and nothing was created: %w", method, err)
}

func withTokenSource(source TokenSource, arguments *arguments) (native, error) {
	if source == nil {
		return native{}, &Error{Kind: KindConfiguration, Field: "token_source", Detail: "token_source: must not be nil"}
	}
	if err := prepare(); err != nil {
		return native{}, err
	}
	given, err := arguments.text()
	if err != nil {
		return native{}, err
	}
	number, _ := hosts.add(newHost(source, nil))
	var out C.KopokopoResult
	text, length := textOf(given)
	// The library releases the number, also if this fails.
	status := C.kopokopo_go_with_token_source(C.uintptr_t(number), text, length, &out)
	found, err := taken(status, &out).result()
	return found.native(err)
}

func (n native) withJournal(store JournalStore, arguments *arguments) (native, error) {
	if n.err != nil {
		return native{}, n.err
	}
	if store == nil || n.own == nil {
		return native{}, &Error{Kind: KindConfiguration, Field: "store", Detail: "store: must not be nil"}
	}
	if own, is := store.(*SQLStore); is {
		own.complete(arguments)
	}
	given, err := arguments.text()
	if err != nil {
		return native{}, err
	}
	number, _ := hosts.add(newHost(nil, store))
	var out C.KopokopoResult
	text, length := textOf(given)
	status := C.kopokopo_go_with_journal(n.own.number, C.uintptr_t(number), text, length, &out)
	runtime.KeepAlive(n.own)
	found, err := taken(status, &out).result()
	return found.native(err)
}

func (n native) verify(body []byte, signature string) (ended, error) {
	return n.verifyOptional(body, present(signature))
}

func (n native) verifyOptional(body []byte, signature *string) (ended, error) {
	return n.run(body, func(body *C.uint8_t, length C.size_t, out *C.KopokopoResult) C.KopokopoStatus {
		header, headerLength := signatureOf(signature)
		return C.kopokopo_verify(n.own.number, body, length, header, headerLength, out)
	})
}

func (n native) verifySignature(body []byte, signature string) (ended, error) {
	return n.run(body, func(body *C.uint8_t, length C.size_t, out *C.KopokopoResult) C.KopokopoStatus {
		header, headerLength := signatureOf(present(signature))
		return C.kopokopo_verify_signature(n.own.number, body, length, header, headerLength, out)
	})
}

func (n native) parseUnverified(body []byte) (ended, error) {
	return n.run(body, func(body *C.uint8_t, length C.size_t, out *C.KopokopoResult) C.KopokopoStatus {
		return C.kopokopo_parse_unverified(n.own.number, body, length, out)
	})
}

func (n native) run(body []byte, function func(*C.uint8_t, C.size_t, *C.KopokopoResult) C.KopokopoStatus) (ended, error) {
	if err := n.check(); err != nil {
		return ended{}, err
	}
	var out C.KopokopoResult
	bytes, length := bytesOf(body)
	status := function(bytes, length, &out)
	runtime.KeepAlive(n.own)
	return taken(status, &out).result()
}

// present returns a header, which is absent if it is empty, as in [net/http.Header.Get].
func present(header string) *string {
	if header == "" {
		return nil
	}
	return &header
}

func signatureOf(signature *string) (*C.char, C.size_t) {
	if signature == nil {
		return nil, 0
	}
	if *signature == "" {
		// A null pointer is an absent header.
		text, _ := textOf("\x00")
		return text, 0
	}
	return textOf(*signature)
}

func signWebhook(apiKey Secret, body []byte) (ended, error) {
	if err := prepare(); err != nil {
		return ended{}, err
	}
	var out C.KopokopoResult
	key, keyLength := textOf(string(apiKey))
	bytes, length := bytesOf(body)
	status := C.kopokopo_sign_webhook(key, keyLength, bytes, length, &out)
	return taken(status, &out).result()
}

// Shutdown ends the threads of the library. A program needs it only if something else must end after them: calls under way end
// with an error, and no other call can begin.
func Shutdown() error {
	if status := C.kopokopo_shutdown(); status != C.KOPOKOPO_STATUS_OK {
		return misuse(status)
	}
	return nil
}
