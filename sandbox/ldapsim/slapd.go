package ldapsim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrNotInstalled says that this machine has no slapd.
var ErrNotInstalled = errors.New("slapd, OpenLDAP's server, is not installed; on Debian and Ubuntu: apt install slapd")

// starting bounds how long slapd may take to answer.
const starting = 20 * time.Second

// installation is where a system keeps the parts of OpenLDAP.
type installation struct{ slapd, slapadd, schemas, modules string }

// findSlapd looks where Debian, Fedora, Arch, Alpine and Homebrew put it.
func findSlapd() (installation, error) {
	for _, i := range []installation{
		{"/usr/sbin/slapd", "/usr/sbin/slapadd", "/etc/ldap/schema", "/usr/lib/ldap"},
		{"/usr/sbin/slapd", "/usr/sbin/slapadd", "/etc/openldap/schema", "/usr/lib64/openldap"},
		{"/usr/lib/slapd", "/usr/bin/slapadd", "/etc/openldap/schema", "/usr/lib/openldap"},
		{"/usr/sbin/slapd", "/usr/sbin/slapadd", "/etc/openldap/schema", "/usr/lib/openldap"},
		{"/opt/homebrew/opt/openldap/libexec/slapd", "/opt/homebrew/opt/openldap/sbin/slapadd", "/opt/homebrew/etc/openldap/schema", ""},
	} {
		_, program := os.Stat(i.slapd)
		if _, schema := os.Stat(filepath.Join(i.schemas, "core.schema")); program == nil && schema == nil {
			return i, nil
		}
	}
	return installation{}, ErrNotInstalled
}

// slapd is one running server in a folder of its own. It listens on a socket in that folder only.
type slapd struct {
	dir  string
	in   io.Closer // Its end ends the process.
	over chan struct{}
}

// startSlapd fills a database and runs the server until stop.
func startSlapd(c Config, adminPassword string) (*slapd, error) {
	where, err := findSlapd()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "usher-slapd-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for slapd: %w", err)
	}
	s := &slapd{dir: dir}
	if err := s.start(where, c, adminPassword); err != nil {
		return nil, errors.Join(fmt.Errorf("start slapd: %w", err), os.RemoveAll(dir))
	}
	return s, nil
}

func (s *slapd) start(where installation, c Config, adminPassword string) error {
	if err := os.Mkdir(s.file("data"), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(s.file("slapd.conf"), []byte(s.conf(where, c, adminPassword)), 0o600); err != nil {
		return err
	}
	var entries bytes.Buffer
	if err := c.entries(&entries); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), starting)
	defer cancel()
	fill := exec.CommandContext(ctx, where.slapadd, "-q", "-f", s.file("slapd.conf")) //nolint:gosec // a path of the table above
	fill.Stdin = &entries
	if out, err := fill.CombinedOutput(); err != nil {
		return fmt.Errorf("fill the database: %w: %s", err, bytes.TrimSpace(out))
	}
	if err := s.run(where.slapd); err != nil {
		return err
	}
	return s.answers(ctx)
}

func (s *slapd) file(name string) string { return filepath.Join(s.dir, name) }

// socket is where the server listens.
func (s *slapd) socket() string { return s.file("ldapi") }

// run starts the process under a shell that ends it and removes the folder when this process is gone, however that happens.
func (s *slapd) run(program string) error {
	const script = `dir=$1; shift; "$@" & pid=$!; cat >/dev/null; kill "$pid" 2>/dev/null; wait "$pid"; rm -rf "$dir"`
	cmd := exec.CommandContext(context.Background(), "sh", "-c", script, "sh", s.dir, //nolint:gosec // a path of the table above
		program, "-d", "0", "-f", s.file("slapd.conf"), "-h", "ldapi://"+url.QueryEscape(s.socket())+"/")
	log, err := os.Create(s.file("log"))
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own handle
	cmd.Stdout, cmd.Stderr = log, log
	if s.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.over = make(chan struct{})
	go func() {
		_ = cmd.Wait() // It is killed, so its status says nothing.
		close(s.over)
	}()
	return nil
}

// answers waits until the server takes connections.
func (s *slapd) answers(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := s.dial(ctx)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			text, _ := os.ReadFile(s.file("log"))
			s.end()
			return fmt.Errorf("it does not answer: %w: %s", err, bytes.TrimSpace(text))
		}
	}
}

func (s *slapd) dial(ctx context.Context) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "unix", s.socket())
}

// end ends the process and waits for it.
func (s *slapd) end() {
	_ = s.in.Close()
	<-s.over
}

func (s *slapd) stop() error {
	s.end()
	return os.RemoveAll(s.dir)
}

// conf is the configuration: one database, and what the account of the program may do.
func (s *slapd) conf(where installation, c Config, adminPassword string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, name := range []string{"core", "cosine", "inetorgperson", "nis", "dyngroup"} {
		line("include %s/%s.schema", where.schemas, name)
	}
	line("pidfile %s", s.file("pid"))
	line("modulepath %s", where.modules)
	for _, module := range []string{"back_mdb", "ppolicy"} {
		if found, _ := filepath.Glob(filepath.Join(where.modules, module+"*")); len(found) > 0 { // Otherwise it is built in.
			line("moduleload %s", module)
		}
	}
	line("threads 4\nsizelimit unlimited")
	line("database mdb\nsuffix %q\nrootdn %q\nrootpw %s\ndirectory %s\nmaxsize 67108864\ndbnosync", c.Suffix, adminDN(c.Suffix), adminPassword, s.file("data"))
	line("index objectClass,entryUUID,member,mail,uid eq")
	line("access to attrs=userPassword by anonymous auth by * none")
	line("access to attrs=member by dn.exact=%q write by * read", c.account())
	line("access to * by dn.children=%q read by * none", c.Suffix)
	return b.String()
}

func adminDN(suffix string) string { return "cn=admin," + suffix }
