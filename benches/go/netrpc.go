package main

import (
	"net"
	"net/rpc"
	"runtime"
	"strings"
)

func init() {
	version := "Go " + strings.TrimPrefix(runtime.Version(), "go")
	contestants["Go net/rpc"] = contestant{version, serveNetRPC, connectNetRPC}
}

// Item is the small message, as gob sends it.
type Item struct {
	ID     uint64
	Name   string
	Values []uint32
}

// Parrot has the methods that net/rpc finds.
type Parrot struct{}

// Echo gives the item back at once.
func (Parrot) Echo(item *Item, answer *Item) error {
	atOnce()
	*answer = *item
	return nil
}

// EchoAfterYield lets others run before.
func (Parrot) EchoAfterYield(item *Item, answer *Item) error {
	afterYield()
	*answer = *item
	return nil
}

// EchoAfterNap sleeps before.
func (Parrot) EchoAfterNap(item *Item, answer *Item) error {
	afterNap()
	*answer = *item
	return nil
}

// Blob gives the bytes back.
func (Parrot) Blob(bytes *[]byte, answer *[]byte) error {
	*answer = *bytes
	return nil
}

func serveNetRPC(listener net.Listener) error {
	server := rpc.NewServer()
	if err := server.Register(Parrot{}); err != nil {
		return err
	}
	server.Accept(listener)
	return nil
}

type netRPC struct{ *rpc.Client }

func connectNetRPC(address string) (client, error) {
	connection, err := rpc.Dial("tcp", address)
	return netRPC{connection}, err
}

func (c netRPC) small() error    { return c.item("Parrot.Echo") }
func (c netRPC) yielding() error { return c.item("Parrot.EchoAfterYield") }
func (c netRPC) napping() error  { return c.item("Parrot.EchoAfterNap") }

func (c netRPC) item(method string) error {
	var answer Item
	if err := c.Call(method, &Item{7, sampleName(), sampleValues()}, &answer); err != nil {
		return err
	}
	return check(answer.ID, answer.Values)
}

func (c netRPC) large(bytes []byte) (int, error) {
	var answer []byte
	err := c.Call("Parrot.Blob", &bytes, &answer)
	return len(answer), err
}
