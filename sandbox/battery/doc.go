// Package battery plays long lists of cases, for tests: few of them with every commit, far more at night, each of them
// alone by its name.
//
// It never judges: what a case must hold is the business of the test that plays it.
package battery
