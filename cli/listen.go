package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"usher/access"
)

// loopbackOnly refuses an address that other machines could reach; empty is fine and means no listener.
func loopbackOnly(addr string) error {
	if addr == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return &problem{text: fmt.Sprintf("listen is %q", addr), fix: "write it as 127.0.0.1:9090"}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return &problem{
			text: fmt.Sprintf("listen is %q, which other machines could reach", addr),
			fix:  "health, metrics and calls back are served on the loopback interface only, such as 127.0.0.1:9090",
		}
	}
	return nil
}

// callbackPath is what precedes a provider's name in the path of its calls back.
const callbackPath = "/callback/"

// server answers health, metrics, and the calls back of the providers that take some; nothing else is there. Calls back come
// from outside, through a proxy, so whoever sends too much or too slowly is cut off; their handlers bound the bodies. What
// is idle is kept for longer than proxies do, so that none of them sends into a connection that is being closed.
func (p *parts) server() *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics(), promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", p.health)
	for name, one := range p.idp {
		if b, ok := one.(calledBack); ok {
			mux.Handle("POST "+callbackPath+name, b.Callback())
		}
	}
	return &http.Server{
		Handler: mux, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 3 * time.Minute,
	}
}

// watch serves p.server on addr until ctx ends.
func watch(ctx context.Context, addr string, p *parts) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	srv := p.server()
	stopped := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if err := srv.Shutdown(grace); err != nil {
			p.log.Warn("stop listener", "err", err)
		}
	})
	defer stopped()
	p.log.Info("listening", "addr", l.Addr().String())
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// health answers 200 while the sweep is alive and the database takes changes, 503 otherwise. It says nothing of the
// vendors: starting Usher again would not bring them back.
func (p *parts) health(w http.ResponseWriter, _ *http.Request) {
	if err := errors.Join(p.store.Healthy(), p.store.InPlace()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	last := p.service.Runner().Stats().LastSweep
	if age := p.service.Now().Sub(last); age > 5*time.Minute {
		http.Error(w, fmt.Sprintf("the last sweep was %s ago", age.Round(time.Second)), http.StatusServiceUnavailable)
		return
	}
	say(w, "ok\n")
}

// metrics gathers what the running parts count, at the time of the scrape.
func (p *parts) metrics() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &runnerMetrics{p}, &storeMetrics{p})
	return reg
}

// runnerMetrics turns the runner's counters into metrics.
type runnerMetrics struct{ p *parts }

// Describe sends nothing: the set of labels is not known beforehand.
func (m *runnerMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect reads the counters.
func (m *runnerMetrics) Collect(out chan<- prometheus.Metric) {
	st := m.p.service.Runner().Stats()
	effects := prometheus.NewDesc("usher_effects_total", "Effects carried out since start, by kind and outcome.", []string{"kind", "outcome"}, nil)
	for _, o := range []struct {
		name   string
		counts map[access.EffectKind]int
	}{{"done", st.Done}, {"failed", st.Failed}} {
		for kind, n := range o.counts {
			out <- prometheus.MustNewConstMetric(effects, prometheus.CounterValue, float64(n), string(kind), o.name)
		}
	}
	late := prometheus.NewDesc("usher_removal_lateness_seconds",
		"Delay between the due time of a grant and the proof of its removal, by provider.", []string{"provider"}, nil)
	for provider, l := range st.Lateness {
		out <- prometheus.MustNewConstSummary(late, uint64(max(0, l.Count)), l.Sum.Seconds(),
			map[float64]float64{0.5: l.P50.Seconds(), 0.99: l.P99.Seconds(), 1: l.Max.Seconds()}, provider)
	}
	out <- prometheus.MustNewConstMetric(
		prometheus.NewDesc("usher_last_sweep_timestamp_seconds", "When the last sweep ran.", nil, nil),
		prometheus.GaugeValue, float64(st.LastSweep.Unix()))
}

// metricsReader stands for an admin in the core that reads the figures: no directory has this address.
const metricsReader = "metrics"

// storeMetrics turns what the admins see on their Home tab into metrics.
type storeMetrics struct{ p *parts }

// Describe sends nothing: what the store cannot tell is left out.
func (m *storeMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect reads the figures.
func (m *storeMetrics) Collect(out chan<- prometheus.Metric) {
	gauge := func(name, help string, n int) {
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, nil), prometheus.GaugeValue, float64(n))
	}
	gauge("usher_slack_sockets", "Open Socket Mode connections to Slack.", m.p.bot.Connected())
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	h, err := m.p.figures.Home(ctx, access.Person{Email: metricsReader})
	if err != nil {
		m.p.log.Warn("count for metrics", "err", err)
		return
	}
	gauge("usher_requests_pending", "Requests that nobody has decided yet.", h.OpenRequests)
	gauge("usher_grants_active", "Grants in force.", h.ActiveGrants)
	gauge("usher_effects_failing", "Outside calls whose last try failed and that are tried again.", len(h.Failures))
	gauge("usher_removals_overdue", "Grants that should have ended more than a minute ago and have not.", len(h.Overdue))
}
