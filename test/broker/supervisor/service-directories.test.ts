import test from 'ava';
import {
  defaultServiceDirectories,
  defaultSocketPath,
} from '../../../broker/supervisor/service-directories.js';

test('U16: a user’s manager looks in the user’s own directories first, then in the shared ones for users', (t) => {
  t.deepEqual(defaultServiceDirectories('user', { HOME: '/users/u', XDG_CONFIG_HOME: '/users/u/cfg' }), [
    '/users/u/cfg/capstan.d',
    '/users/u/cfg/dinit.d',
    '/users/u/.config/capstan.d',
    '/users/u/.config/dinit.d',
    '/etc/capstan.d/user',
    '/etc/dinit.d/user',
    '/usr/local/lib/capstan.d/user',
    '/usr/local/lib/dinit.d/user',
    '/usr/lib/capstan.d/user',
    '/usr/lib/dinit.d/user',
  ]);
});

test('U16: without a home, or with a relative one, only the shared directories are left', (t) => {
  t.is(defaultServiceDirectories('user', { XDG_CONFIG_HOME: 'cfg' })[0], '/etc/capstan.d/user');
});

test('U16: the system’s manager reads the format’s own directories too', (t) => {
  const directories = defaultServiceDirectories('system', { HOME: '/root' });
  t.deepEqual(directories.slice(0, 2), ['/etc/capstan.d', '/etc/dinit.d']);
  t.true(directories.includes('/lib/dinit.d'));
  t.false(directories.some((directory) => directory.startsWith('/root')));
});

test('U14: the control socket: $CAPSTAN_SOCKET, else the user’s runtime directory, else /run', (t) => {
  t.is(defaultSocketPath('user', { CAPSTAN_SOCKET: '/x', XDG_RUNTIME_DIR: '/run/user/1' }), '/x');
  t.is(defaultSocketPath('user', { XDG_RUNTIME_DIR: '/run/user/1' }), '/run/user/1/capstan/control');
  t.is(defaultSocketPath('system', { XDG_RUNTIME_DIR: '/run/user/1' }), '/run/capstan/control');
  t.is(defaultSocketPath('user', {}), '/run/capstan/control');
});
