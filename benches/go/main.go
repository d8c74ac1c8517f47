// The contestants in Go: a program that takes the same arguments as the one in Rust, and gives the same answers.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 1 && arguments[0] == "versions" {
		return say(versions())
	}
	if len(arguments) < 3 {
		return errors.New("a task, a contestant, and how many workers?")
	}
	task, name := arguments[0], arguments[1]
	contestant, ok := contestants[name]
	if !ok {
		return fmt.Errorf("there is no contestant %q", name)
	}
	workers, err := strconv.Atoi(arguments[2])
	if err != nil {
		return err
	}
	// Also where both processes are kept on one core, as tokio has as many workers there.
	runtime.GOMAXPROCS(workers)
	if task == "serve" || task == "serve counting" {
		go endWithInput()
		return serve(contestant)
	}
	if len(arguments) != 4 {
		return errors.New("a client needs an order")
	}
	order := []byte(arguments[3])
	switch task {
	case "drive":
		return drive(contestant, order)
	case "count":
		return count(contestant, order)
	case "idle":
		return idle(contestant, order)
	}
	return fmt.Errorf("there is no task %q", task)
}

// endWithInput ends this process when the one that started it is done with it, or has gone away.
func endWithInput() {
	// However reading ends, there is nobody left to serve for.
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = say(allocated())
	os.Exit(0)
}

// versions says for each contestant that is built in which version of it that is.
func versions() map[string]string {
	all := make(map[string]string)
	for name, contestant := range contestants {
		all[name] = contestant.version
	}
	return all
}

func say(answer any) error {
	return json.NewEncoder(os.Stdout).Encode(answer)
}
