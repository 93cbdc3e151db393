// Package clients lets the vendors' own JavaScript clients judge the sandbox: its tests run them with Node against the simulators.
//
// It holds no Go code outside its tests and never touches anything but loopback addresses, except that it may let npm install the clients.
package clients
