package main

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"time"
)

// nap is how long the handler of a napping call sleeps.
const nap = time.Millisecond

// contestant is one way to make calls.
type contestant struct {
	version string
	// serve goes on for as long as the listener does.
	serve func(net.Listener) error
	// connect opens one connection.
	connect func(address string) (client, error)
}

// contestants are those that are built in; each file of one adds it.
var contestants = make(map[string]contestant)

// client is one connection, which all callers share. Each method makes its message and looks at the answer, as a
// program would.
type client interface {
	small() error
	yielding() error
	napping() error
	// large gives the length of the answer.
	large(bytes []byte) (int, error)
}

// streamer is a client that has streams. Each item is counted as it comes, or as it is sent where only the client sends
// any.
type streamer interface {
	// down gives how many items came, of so many that the server sends.
	down(items uint64, count *counter) (uint64, error)
	// up gives how many items the server says that it has got.
	up(items uint64, count *counter) (uint64, error)
	// both gives how many of the items came back.
	both(items uint64, count *counter) (uint64, error)
	// bulk gives how many bytes came, of so many items of a size.
	bulk(items uint64, size int, count *counter) (uint64, error)
}

// sampleName is made anew: what programs send is seldom a constant.
func sampleName() string {
	return strings.Clone("sixteen letters!")
}

func sampleValues() []uint32 {
	return []uint32{1, 2, 3, 4}
}

// check looks at an answer, which must be what was sent.
func check(id uint64, values []uint32) error {
	if id == 7 && len(values) == 4 {
		return nil
	}
	return errors.New("the answer is not what was sent")
}

// What handlers do before they give the item back.

func atOnce() {}

func afterYield() { runtime.Gosched() }

func afterNap() { time.Sleep(nap) }

// serve listens on a free port and tells the process that started this one which it is.
func serve(contestant contestant) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	return contestant.serve(listener)
}
