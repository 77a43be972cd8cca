package kopokopo

// #include "bridge.h"
import "C"

import (
	"context"
	"fmt"
	"sync"
	"unsafe"
)

// numbered has the values that C knows by their numbers. No number is used twice.
type numbered[T any] struct {
	lock   sync.Mutex
	last   uintptr
	values map[uintptr]T
}

func (n *numbered[T]) add(value T) (uintptr, T) {
	n.lock.Lock()
	defer n.lock.Unlock()
	if n.values == nil {
		n.values = map[uintptr]T{}
	}
	n.last++
	n.values[n.last] = value
	return n.last, value
}

func (n *numbered[T]) find(number uintptr) (T, bool) {
	n.lock.Lock()
	defer n.lock.Unlock()
	value, found := n.values[number]
	return value, found
}

func (n *numbered[T]) take(number uintptr) (T, bool) {
	n.lock.Lock()
	defer n.lock.Unlock()
	value, found := n.values[number]
	delete(n.values, number)
	return value, found
}

var (
	calls numbered[chan ended]
	hosts numbered[*host]
)

// host is what the library asks the program: a source of tokens or a store.
type host struct {
	source TokenSource
	store  JournalStore
	ctx    context.Context
	cancel context.CancelFunc
}

func newHost(source TokenSource, store JournalStore) *host {
	ctx, cancel := context.WithCancel(context.Background())
	return &host{source, store, ctx, cancel}
}

//export kopokopoGoDone
func kopokopoGoDone(number C.uintptr_t, status C.KopokopoStatus, data unsafe.Pointer, length C.size_t, object C.uint64_t) {
	if done, found := calls.take(uintptr(number)); found {
		done <- ended{status: status, data: C.GoBytes(data, C.int(length)), object: object}
	} else if object != 0 {
		C.kopokopo_free(object)
	}
}

//export kopokopoGoAsk
func kopokopoGoAsk(number C.uintptr_t, reply C.uint64_t) {
	host, found := hosts.find(uintptr(number))
	if !found {
		C.kopokopo_free(reply)
		return
	}
	go giveToken(host, reply)
}

func giveToken(host *host, reply C.uint64_t) {
	var token AccessToken
	err := guarded(func() (err error) {
		token, err = host.source.Token(host.ctx)
		return err
	})
	if err != nil {
		replyError(reply, err)
		return
	}
	expiresIn := -1.0
	if token.ExpiresIn > 0 {
		expiresIn = token.ExpiresIn.Seconds()
	}
	text, length := textOf(string(token.Token))
	C.kopokopo_reply_token(reply, text, length, C.double(expiresIn))
}

//export kopokopoGoExecute
func kopokopoGoExecute(number C.uintptr_t, reply C.uint64_t, request unsafe.Pointer, length C.size_t) {
	host, found := hosts.find(uintptr(number))
	if !found {
		C.kopokopo_free(reply)
		return
	}
	go execute(host, reply, string(C.GoBytes(request, C.int(length))))
}

func execute(host *host, reply C.uint64_t, request string) {
	var response string
	err := guarded(func() (err error) {
		response, err = host.store.Execute(host.ctx, request)
		return err
	})
	if err != nil {
		replyError(reply, err)
		return
	}
	text, length := textOf(response)
	C.kopokopo_reply_text(reply, text, length)
}

//export kopokopoGoRelease
func kopokopoGoRelease(number C.uintptr_t) {
	if host, found := hosts.take(uintptr(number)); found {
		host.cancel()
	}
}

//export kopokopoGoLog
func kopokopoGoLog(text unsafe.Pointer, length C.size_t) {
	warn(string(C.GoBytes(text, C.int(length))))
}

// guarded makes an error of a panic of the program's code, which would end the process: a create would be under way then.
func guarded(run func() error) (err error) {
	defer func() {
		if found := recover(); found != nil {
			err = fmt.Errorf("panic: %v", found)
		}
	}()
	return run()
}

func replyError(reply C.uint64_t, err error) {
	text, length := textOf(err.Error())
	C.kopokopo_reply_error(reply, text, length)
}
