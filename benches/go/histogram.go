package main

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// steps is how many buckets there are per doubling: each is at most 1/32 wider than its lower bound.
const steps = 32

// histogram is shared by all callers; a call is recorded with one addition.
type histogram struct {
	counts [64 * steps]atomic.Uint32
}

func (h *histogram) record(duration time.Duration) {
	h.counts[bucket(uint64(duration))].Add(1)
}

// quantile is the time that a share of the calls did not exceed, in microseconds.
func (h *histogram) quantile(share float64) float64 {
	var total, passed uint64
	for i := range h.counts {
		total += uint64(h.counts[i].Load())
	}
	rank := uint64(math.Ceil(float64(total) * share))
	if rank == 0 {
		rank = 1
	}
	for i := range h.counts {
		passed += uint64(h.counts[i].Load())
		if passed >= rank {
			return float64(upperBound(uint64(i))) / 1e3
		}
	}
	return 0
}

func bucket(nanos uint64) uint64 {
	doublings := uint64(bits.Len64(nanos|steps) - bits.Len64(steps))
	return doublings*steps + nanos>>doublings
}

// upperBound is the least time that belongs to a later bucket.
func upperBound(index uint64) uint64 {
	var doublings uint64
	if index >= steps {
		doublings = index/steps - 1
	}
	return (index - doublings*steps + 1) << doublings
}
