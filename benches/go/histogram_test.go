package main

import (
	"testing"
	"time"
)

func TestATimeLiesInItsBucket(t *testing.T) {
	for _, nanos := range []uint64{0, 1, 31, 32, 63, 64, 65, 99_999, 1 << 40, 1<<40 + 12_345} {
		index := bucket(nanos)
		if nanos >= upperBound(index) || index > 0 && upperBound(index-1) > nanos {
			t.Error(nanos)
		}
	}
}

func TestQuantilesAreThoseOfWhatWasRecorded(t *testing.T) {
	var histogram histogram
	for micros := 1; micros <= 100; micros++ {
		histogram.record(time.Duration(micros) * time.Microsecond)
	}
	if p50, p99 := histogram.quantile(0.5), histogram.quantile(0.99); p50 < 50 || p50 > 52 || p99 < 99 || p99 > 103 {
		t.Error(p50, p99)
	}
}
