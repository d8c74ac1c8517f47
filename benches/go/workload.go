package main

// method is what is called.
type method int

const (
	callEcho method = iota
	callYield
	callTimer
	callBlob
	streamDown
	streamUp
	streamBoth
	streamBulk
)

// beside is what fills the same connection and is not counted: so many calls, or one stream that does not end.
type beside struct {
	calls  int
	stream bool
}

var (
	nothing     = beside{}
	largeStream = beside{stream: true}
)

func largeCalls(calls int) beside { return beside{calls: calls} }

// callers are how many do it.
func (b beside) callers() int {
	if b.stream {
		return 1
	}
	return b.calls
}

// workload is one kind of work.
type workload struct {
	connections int
	// inFlight is how many calls there are on each connection.
	inFlight int
	method   method
	// size is that of large calls and items, also of those beside.
	size   int
	beside beside
}

const mib = 1024 * 1024

// items is how many small messages one stream has.
const items = 100000

// bulkItems is how many large items one stream has.
const bulkItems = 64

// workloads are those of `workload.rs`, whose tests compare.
var workloads = map[string]workload{
	"c1@1":  {1, 1, callEcho, 0, nothing},
	"c1":    {1, 1, callEcho, 0, nothing},
	"c64":   {1, 64, callEcho, 0, nothing},
	"c512":  {1, 512, callEcho, 0, nothing},
	"16x32": {16, 32, callEcho, 0, nothing},
	"yield": {1, 512, callYield, 0, nothing},
	"timer": {1, 512, callTimer, 0, nothing},
	"64k":   {1, 8, callBlob, 64 * 1024, nothing},
	"1m":    {1, 8, callBlob, mib, nothing},
	"mix":   {1, 1, callEcho, mib, largeCalls(8)},

	"stream-down": {1, 1, streamDown, 0, nothing},
	"stream-up":   {1, 1, streamUp, 0, nothing},
	"stream-both": {1, 1, streamBoth, 0, nothing},
	"stream-1m":   {1, 1, streamBulk, mib, nothing},
	"beside":      {1, 1, callEcho, mib, largeStream},
}

// isStream says that items are counted, not calls.
func (w workload) isStream() bool {
	return w.method >= streamDown
}
