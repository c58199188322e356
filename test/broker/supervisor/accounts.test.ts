import test from 'ava';
import { identityOf, parseAccounts } from '../../../broker/supervisor/accounts.js';

const accounts = parseAccounts(
  'root:x:0:0:root:/root:/bin/bash\n# comment\nweb:x:33:34:w:/srv:/usr/sbin/nologin\nbad:x:abc:1::/:\nbare:x:40:41:::\n',
  'root:x:0:\nwww:x:34:\nlogs:x:50:web,other\nadm:x:51:web\nbroken\n',
);

test('U4: a name brings its primary and its supplementary groups', (t) => {
  t.deepEqual(identityOf('web', accounts, 7), { uid: 33, gid: 34, groups: [34, 50, 51] });
});

test('U4: a number keeps the manager’s group and has no supplementary groups', (t) => {
  t.deepEqual(identityOf('33', accounts, 7), { uid: 33, gid: 7, groups: [] });
});

test('U4: an unknown name is a reason that names it', (t) => {
  t.regex(String(identityOf('nobody-here', accounts, 7)), /no user "nobody-here"/);
  t.regex(String(identityOf('4294967295', accounts, 7)), /no user/);
});

test('U4: lines that are not of the form are left out, and empty fields get the usual defaults', (t) => {
  t.is(accounts.byName('bad'), undefined);
  t.is(accounts.groupByName('broken'), undefined);
  t.deepEqual(accounts.byUid(40), { name: 'bare', uid: 40, gid: 41, home: '/', shell: '/bin/sh' });
});
