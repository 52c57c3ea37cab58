package main

import (
	"context"
	"sync"
	"time"
)

// load is clients that each send one request after the other, on a connection
// of their own that is kept.
type load struct {
	addr     string
	requests [][]byte // client i sends requests[i % len]
	clients  int
	from     []string      // client i comes from from[i % len]; none: the system's choice
	warm     time.Duration // sent before, and not counted
	during   time.Duration
	pause    time.Duration // between two requests of a client
}

// outcome is what a load met with.
type outcome struct {
	// Took has the latencies by status; status 0 is no answer at all.
	Took map[int][]time.Duration
	// Seconds is how long was counted.
	Seconds float64
	// Fault is one of the errors behind status 0.
	Fault string
}

// perSecond returns the rate of answers with this status.
func (o outcome) perSecond(status int) float64 { return float64(len(o.Took[status])) / o.Seconds }

// others counts the answers with none of these statuses.
func (o outcome) others(statuses ...int) int {
	count := 0
	for _, took := range o.Took {
		count += len(took)
	}
	for _, status := range statuses {
		count -= len(o.Took[status])
	}
	return count
}

// run ends by itself, when its time is over or ctx ends.
func (l load) run(ctx context.Context) outcome {
	ctx, cancel := context.WithTimeout(ctx, l.warm+l.during)
	defer cancel()
	from := time.Now().Add(l.warm)
	to := from.Add(l.during)
	each := make([]outcome, l.clients)
	var all sync.WaitGroup
	for i := range l.clients {
		c := &client{addr: l.addr}
		if len(l.from) > 0 {
			c.from = l.from[i%len(l.from)]
		}
		all.Go(func() { each[i] = l.ask(ctx, c, l.requests[i%len(l.requests)], from, to) })
	}
	all.Wait()
	return merge(each, l.during)
}

func (l load) ask(ctx context.Context, c *client, request []byte, from, to time.Time) outcome {
	defer c.close()
	found := outcome{Took: map[int][]time.Duration{}}
	for ctx.Err() == nil {
		began := time.Now()
		status, err := c.do(request)
		ended := time.Now()
		if !ended.Before(from) && ended.Before(to) {
			found.Took[status] = append(found.Took[status], ended.Sub(began))
		}
		if err != nil {
			found.Fault = err.Error()
			rest(ctx, 10*time.Millisecond) // a server that is gone is not to be asked in a tight loop
		}
		rest(ctx, l.pause)
	}
	return found
}

func rest(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func merge(each []outcome, during time.Duration) outcome {
	whole := outcome{Took: map[int][]time.Duration{}, Seconds: during.Seconds()}
	for _, one := range each {
		for status, took := range one.Took {
			whole.Took[status] = append(whole.Took[status], took...)
		}
		if one.Fault != "" {
			whole.Fault = one.Fault
		}
	}
	return whole
}
