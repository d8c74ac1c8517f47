package main

// method is what is called.
type method int

const (
	callEcho method = iota
	callYield
	callTimer
	callBlob
)

// workload is one kind of work.
type workload struct {
	connections int
	// inFlight is how many calls there are on each connection.
	inFlight int
	method   method
	// size is that of large calls, also of those beside.
	size int
	// beside is how many large calls are in flight on the first connection and are not counted.
	beside int
}

const mib = 1024 * 1024

// workloads are those of `workload.rs`, whose tests compare.
var workloads = map[string]workload{
	"c1@1":  {1, 1, callEcho, 0, 0},
	"c1":    {1, 1, callEcho, 0, 0},
	"c64":   {1, 64, callEcho, 0, 0},
	"c512":  {1, 512, callEcho, 0, 0},
	"16x32": {16, 32, callEcho, 0, 0},
	"yield": {1, 512, callYield, 0, 0},
	"timer": {1, 512, callTimer, 0, 0},
	"64k":   {1, 8, callBlob, 64 * 1024, 0},
	"1m":    {1, 8, callBlob, mib, 0},
	"mix":   {1, 1, callEcho, mib, 8},
}
