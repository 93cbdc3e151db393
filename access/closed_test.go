package access_test

import (
	"testing"
)

func TestWhatFitsButMayNotBeAskedForIsNamedWithItsReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list, err := w.service.Closed(t.Context(), w.person("rita"), "git hidden", 3)
	if err != nil || len(list) != 1 || list[0].Role.String() != "Git: Hidden" || list[0].Why != "Only Elsewhere" {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err = w.service.Closed(t.Context(), w.person("rita"), "git", 3); err != nil || len(list) != 1 {
		t.Errorf("what may be asked for is among %+v, %v", list, err)
	}
	if list, err = w.service.Closed(t.Context(), w.person("rita"), "payroll", 3); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}
