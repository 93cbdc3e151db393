package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"usher/access"
)

// Lanes is how many callers write at once in the process whose end is survived.
const Lanes = 6

func laneName(i int) string { return "lane" + strconv.Itoa(i) }

// WriteLanes writes from several callers at once, each of which counts up from where its lane is, in all families of
// the store. It calls ack, from several goroutines, for each number after its update was acknowledged. It ends when
// every lane has met an error, and returns them all.
func WriteLanes(ctx context.Context, s access.Store, ack func(lane, n int)) error {
	var all sync.WaitGroup
	errs := make([]error, Lanes)
	for i := range Lanes {
		all.Go(func() {
			n := 0
			err := s.View(ctx, func(tx access.Tx) (err error) {
				n, err = readStep(tx, laneName(i))
				return err
			})
			for err == nil {
				next := n + 1 // A variable of each turn's own: a store that lies may still run the function later.
				err = s.Update(ctx, func(tx access.Tx) error { return writeStep(tx, laneName(i), next) })
				if n = next; err == nil {
					ack(i, n)
				}
			}
			errs[i] = err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// VerifyLanes judges what is left of lanes that were at before when they were last verified and acknowledged acks
// since: no acknowledged write is lost, at most the write in hand is there besides, no number is missing, and all
// families say the same. It returns where each lane is now.
func VerifyLanes(ctx context.Context, s access.Store, before, acks []int) ([]int, error) {
	after := make([]int, Lanes)
	err := s.View(ctx, func(tx access.Tx) error {
		for i := range after {
			n, err := readStep(tx, laneName(i))
			if err != nil {
				return err
			}
			least := max(before[i], acks[i])
			if n < least {
				return fmt.Errorf("lane %d: %d was acknowledged, %d is there", i, least, n)
			}
			if n > least+1 {
				return fmt.Errorf("lane %d: %d is there, but only %d was acknowledged and one more begun", i, n, least)
			}
			after[i] = n
		}
		return nil
	})
	return after, err
}
