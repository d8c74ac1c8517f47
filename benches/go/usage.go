package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	// tick is what one unit of processor time in /proc lasts.
	tick     = 10 * time.Millisecond
	pageSize = 4096
)

var errProc = errors.New("/proc does not look like Linux's")

// processorTime is that of a process and of all its threads, in user code and in the kernel.
func processorTime(process int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	if err != nil {
		return 0, err
	}
	// The second field is a name and may hold anything; user and system time are the 14th and the 15th.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0, errProc
	}
	return ticks(fields[11:13])
}

// busyTime is the time that all cores together have been busy, with anything.
func busyTime() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 {
		return 0, errProc
	}
	// User, nice, system; not idle, not waiting for disks; interrupts, soft interrupts, stolen by other machines.
	return ticks(append(fields[1:4:4], fields[6:9]...))
}

func ticks(fields []string) (time.Duration, error) {
	var total time.Duration
	for _, field := range fields {
		number, err := strconv.ParseUint(field, 10, 32)
		if err != nil {
			return 0, errProc
		}
		total += tick * time.Duration(number)
	}
	return total, nil
}

// resident is the memory of this process that is resident, in bytes.
func resident() (int, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, errProc
	}
	pages, err := strconv.Atoi(fields[1])
	return pages * pageSize, err
}

// allocations is what this process has asked of its heap.
type allocations struct {
	Count uint64 `json:"count"`
	Bytes uint64 `json:"bytes"`
}

// allocated is those until now.
func allocated() allocations {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return allocations{stats.Mallocs, stats.TotalAlloc}
}
