/**
 * Users and groups as /etc/passwd and /etc/group have them (passwd(5), group(5)), for `run-as`, `socket-uid`, `logfile-gid`
 * and `export-passwd-vars`. Read afresh for each start by whoever calls, so that a user made a minute ago is known; the
 * name service switch is not consulted, because its modules would run foreign code inside the manager.
 */

/** One line of /etc/passwd. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The two files, parsed. */
export interface Accounts {
  byName(name: string): Account | undefined;
  byUid(uid: number): Account | undefined;
  groupByName(name: string): number | undefined;
  /** The groups that list `name` as a member, its primary group left out unless it is listed too. */
  supplementary(name: string): readonly number[];
}

/** Who a process runs as; what init's SPAWN is given. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

function parseId(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  // 2^32-1 is the kernel's "no id" (setresuid(2)); nobody can have it.
  return id < 0xffff_ffff ? id : undefined;
}

/** Parses the text of both files. A line that is not of their form is left out, as the C library does. */
export function parseAccounts(passwd: string, group: string): Accounts {
  const names = new Map<string, Account>();
  const uids = new Map<number, Account>();
  for (const line of passwd.split('\n')) {
    const [name, , uidText, gidText, , home, shell] = line.split(':');
    const uid = parseId(uidText);
    const gid = parseId(gidText);
    if (name === undefined || name === '' || name.startsWith('#')) continue;
    if (uid === undefined || gid === undefined) continue;
    const account = { name, uid, gid, home: home || '/', shell: shell || '/bin/sh' };
    if (!names.has(name)) names.set(name, account);
    if (!uids.has(uid)) uids.set(uid, account);
  }
  const groups = new Map<string, number>();
  const memberships = new Map<string, number[]>();
  for (const line of group.split('\n')) {
    const [name, , gidText, members] = line.split(':');
    const gid = parseId(gidText);
    if (name === undefined || name === '' || name.startsWith('#') || gid === undefined) continue;
    if (!groups.has(name)) groups.set(name, gid);
    for (const member of (members ?? '').split(',')) {
      if (member === '') continue;
      const of = memberships.get(member);
      if (of === undefined) memberships.set(member, [gid]);
      else if (!of.includes(gid)) of.push(gid);
    }
  }
  return {
    byName: (name) => names.get(name),
    byUid: (uid) => uids.get(uid),
    groupByName: (name) => groups.get(name),
    supplementary: (name) => memberships.get(name) ?? [],
  };
}

/**
 * Who `run-as = user` means (supervisor U4): a name brings its primary and supplementary groups; a number keeps the manager's
 * group and drops all supplementary ones. Returns the reason as text where there is no such user.
 */
export function identityOf(user: string, accounts: Accounts, managerGid: number): Identity | string {
  const account = accounts.byName(user);
  if (account !== undefined) {
    const groups = [...new Set([account.gid, ...accounts.supplementary(account.name)])];
    return { uid: account.uid, gid: account.gid, groups };
  }
  const uid = parseId(user);
  if (uid === undefined) return `run-as: there is no user "${user}" in /etc/passwd`;
  return { uid, gid: managerGid, groups: [] };
}
