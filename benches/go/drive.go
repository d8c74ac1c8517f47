package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"sync/atomic"
	"time"
)

const (
	// patience is how long a run may take on top of its time before it is given up.
	patience = 30 * time.Second
	// sampled says every how many small calls one is timed, as in the other program.
	sampled = 8
)

// order is what a client process is asked to do.
type order struct {
	Address  string   `json:"address"`
	Workload string   `json:"workload"`
	Server   int      `json:"server"`
	WarmUp   duration `json:"warm_up"`
	Measured duration `json:"measured"`
	Cores    int      `json:"cores"`
}

// duration is a time as Rust's serde writes it.
type duration struct {
	Secs  int64 `json:"secs"`
	Nanos int64 `json:"nanos"`
}

func (d duration) get() time.Duration {
	return time.Duration(d.Secs)*time.Second + time.Duration(d.Nanos)
}

// outcome is what was found; `drive.rs` says in which units.
type outcome struct {
	Rate      float64 `json:"rate"`
	P50       float64 `json:"p50"`
	P99       float64 `json:"p99"`
	ServerCPU float64 `json:"server_cpu"`
	ClientCPU float64 `json:"client_cpu"`
	Bytes     float64 `json:"bytes"`
	Others    float64 `json:"others"`
}

// counter is on a cache line of its own. Only one goroutine at a time adds to it.
type counter struct {
	atomic.Uint64
	_ [120]byte
}

func (c *counter) add() { c.Store(c.Load() + 1) }

// session is what callers share.
type session struct {
	workload workload
	clients  []client
	blob     []byte
	stop     atomic.Bool
	// timed says that calls are timed from now on.
	timed atomic.Bool
	times histogram
	// There is a counter for each caller.
	calls  []counter
	beside []counter
}

// drive does what is ordered, and prints the outcome.
func drive(contestant contestant, text []byte) error {
	var order order
	if err := json.Unmarshal(text, &order); err != nil {
		return err
	}
	workload, ok := workloads[order.Workload]
	if !ok {
		return fmt.Errorf("there is no workload %s", order.Workload)
	}
	limit := order.WarmUp.get() + order.Measured.get() + patience
	time.AfterFunc(limit, func() {
		fmt.Fprintf(os.Stderr, "calls hang: not done after %.0f s\n", limit.Seconds())
		os.Exit(1)
	})
	outcome, err := measure(contestant, workload, order)
	if err != nil {
		return err
	}
	return say(outcome)
}

func measure(contestant contestant, workload workload, order order) (*outcome, error) {
	callers := workload.connections * workload.inFlight
	s := &session{
		workload: workload,
		blob:     make([]byte, workload.size),
		calls:    make([]counter, callers),
		beside:   make([]counter, workload.beside.callers()),
	}
	for i := range s.blob {
		s.blob[i] = 7
	}
	for i := 0; i < workload.connections; i++ {
		client, err := contestant.connect(order.Address)
		if err != nil {
			return nil, err
		}
		s.clients = append(s.clients, client)
	}
	ended := make(chan error, callers+workload.beside.calls)
	// Whoever does not end is left alone: so does the process then.
	endless := make(chan error, 1)
	for i := range s.beside {
		if workload.beside.stream {
			go func(i int) { endless <- s.streamBeside(i) }(i)
		} else {
			go func(i int) { ended <- s.callBeside(i) }(i)
		}
	}
	for i := range s.calls {
		go func(i int) { ended <- s.call(i) }(i)
	}

	time.Sleep(order.WarmUp.get())
	s.timed.Store(true)
	before, err := s.read(order.Server)
	if err != nil {
		return nil, err
	}
	time.Sleep(order.Measured.get())
	after, err := s.read(order.Server)
	if err != nil {
		return nil, err
	}
	s.stop.Store(true)
	for i := 0; i < cap(ended); i++ {
		if err := <-ended; err != nil {
			return nil, err
		}
	}
	select {
	case err := <-endless:
		if err == nil {
			err = errors.New("the stream beside has ended")
		}
		return nil, err
	default:
	}
	return s.outcome(before, after, order.Cores)
}

func (s *session) outcome(before, after reading, cores int) (*outcome, error) {
	calls := float64(after.calls - before.calls)
	if calls == 0 {
		return nil, errors.New("not one call was answered in the measured time")
	}
	seconds := after.at.Sub(before.at).Seconds()
	large := calls
	if s.workload.beside != nothing {
		large = float64(after.beside - before.beside)
	}
	server, client := after.server-before.server, after.client-before.client
	others := after.busy - before.busy - server - client
	if others < 0 {
		others = 0
	}
	return &outcome{
		Rate:      calls / seconds,
		P50:       s.times.quantile(0.5),
		P99:       s.times.quantile(0.99),
		ServerCPU: server.Seconds() * 1e6 / calls,
		ClientCPU: client.Seconds() * 1e6 / calls,
		Bytes:     large * float64(len(s.blob)) / seconds,
		Others:    others.Seconds() / (seconds * float64(cores)),
	}, nil
}

// reading is all counters at one moment.
type reading struct {
	at                   time.Time
	calls, beside        uint64
	server, client, busy time.Duration
}

func (s *session) read(server int) (r reading, err error) {
	r = reading{at: time.Now(), calls: sum(s.calls), beside: sum(s.beside)}
	if r.server, err = processorTime(server); err != nil {
		return r, err
	}
	if r.client, err = processorTime(os.Getpid()); err != nil {
		return r, err
	}
	r.busy, err = busyTime()
	return r, err
}

func sum(counters []counter) (total uint64) {
	for i := range counters {
		total += counters[i].Load()
	}
	return total
}

// call makes one call after the other, until it is enough.
func (s *session) call(caller int) error {
	client, count := s.clients[caller%len(s.clients)], &s.calls[caller]
	every := uint64(1)
	if s.workload.method == callEcho && s.workload.beside == nothing {
		every = sampled
	}
	for made := uint64(0); !s.stop.Load(); {
		timed := made%every == 0 && s.timed.Load()
		var begin time.Time
		if timed {
			begin = time.Now()
		}
		var err error
		switch s.workload.method {
		case callEcho:
			err = client.small()
		case callYield:
			err = client.yielding()
		case callTimer:
			err = client.napping()
		case callBlob:
			err = s.large(client)
		default:
			err = s.stream(client, count)
		}
		if err != nil {
			return err
		}
		if timed {
			s.times.record(time.Since(begin))
		}
		made++
		if !s.workload.isStream() {
			count.add()
		}
	}
	return nil
}

// callBeside makes large calls on the first connection.
func (s *session) callBeside(caller int) error {
	for !s.stop.Load() {
		if err := s.large(s.clients[0]); err != nil {
			return err
		}
		s.beside[caller].add()
	}
	return nil
}

// streamBeside reads one stream of large items on the first connection.
func (s *session) streamBeside(caller int) error {
	client, ok := s.clients[0].(streamer)
	if !ok {
		return errNoStreams
	}
	_, err := client.bulk(math.MaxUint64, s.workload.size, &s.beside[caller])
	return err
}

var errNoStreams = errors.New("this contestant has no streams")

// stream sends or reads one stream of so many items.
func (s *session) stream(client client, count *counter) error {
	streamer, ok := client.(streamer)
	if !ok {
		return errNoStreams
	}
	var came, expected uint64 = 0, items
	var err error
	switch s.workload.method {
	case streamDown:
		came, err = streamer.down(items, count)
	case streamUp:
		came, err = streamer.up(items, count)
	case streamBoth:
		came, err = streamer.both(items, count)
	case streamBulk:
		expected = bulkItems * uint64(s.workload.size)
		came, err = streamer.bulk(bulkItems, s.workload.size, count)
	}
	if err == nil && came != expected {
		err = fmt.Errorf("%d came of %d", came, expected)
	}
	return err
}

func (s *session) large(client client) error {
	length, err := client.large(s.blob)
	if err == nil && length != len(s.blob) {
		err = fmt.Errorf("%d bytes came back", length)
	}
	return err
}
