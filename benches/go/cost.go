package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
)

// count makes exactly so many small calls on one connection, and prints what was allocated.
func count(contestant contestant, text []byte) error {
	var order struct {
		Address  string `json:"address"`
		InFlight int    `json:"in_flight"`
		Calls    int64  `json:"calls"`
	}
	if err := json.Unmarshal(text, &order); err != nil {
		return err
	}
	client, err := contestant.connect(order.Address)
	if err != nil {
		return err
	}
	var left atomic.Int64
	left.Store(order.Calls)
	ended := make(chan error, order.InFlight)
	for i := 0; i < order.InFlight; i++ {
		go func() {
			var err error
			for err == nil && left.Add(-1) >= 0 {
				err = client.small()
			}
			ended <- err
		}()
	}
	for i := 0; i < order.InFlight; i++ {
		if err := <-ended; err != nil {
			return err
		}
	}
	return say(allocated())
}

// idle opens connections that each carry one call, prints how much memory each takes here, and keeps them until its
// input ends.
func idle(contestant contestant, text []byte) error {
	var order struct {
		Address     string `json:"address"`
		Connections int    `json:"connections"`
	}
	if err := json.Unmarshal(text, &order); err != nil {
		return err
	}
	before, err := resident()
	if err != nil {
		return err
	}
	clients := make([]client, 0, order.Connections)
	for i := 0; i < order.Connections; i++ {
		client, err := contestant.connect(order.Address)
		if err != nil {
			return err
		}
		if err := client.small(); err != nil {
			return err
		}
		clients = append(clients, client)
	}
	after, err := resident()
	if err != nil {
		return err
	}
	if after < before {
		after = before
	}
	fmt.Println((after - before) / order.Connections)
	_, err = io.Copy(io.Discard, os.Stdin)
	// The garbage collector may take what nobody uses any more.
	runtime.KeepAlive(clients)
	return err
}
