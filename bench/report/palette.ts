/**
 * Who has which colour, mark and line: the same in every figure. Eight hues that people with any of the common kinds of colour blindness
 * can tell apart (after Okabe and Ito), for a transport each or for a family of contenders; within a family marks and dashes differ, and a
 * label always stands beside. Colours are variables of the page, so that one drawing is legible on a light and on a dark ground.
 */

export interface Style {
  readonly colour: string;
  readonly shape: string;
  readonly dash: readonly number[];
  /** Transports of the project are drawn stronger than what they are compared with. */
  readonly isOwn: boolean;
}

interface Family {
  readonly variable: string;
  readonly members: readonly string[];
}

const own: readonly Family[] = [
  { variable: '--bus', members: ['bus'] },
  { variable: '--sockets', members: ['sockets'] },
  { variable: '--datagram', members: ['datagram'] },
  { variable: '--memory', members: ['memory'] },
];

const others: readonly Family[] = [
  {
    variable: '--native',
    members: ['c-seqpacket', 'c-shm-futex', 'c-shm-spin', 'c-descriptors', 'c-broker', 'c-stream', 'c-fd'],
  },
  { variable: '--node', members: ['node-net', 'child-process', 'worker-threads', 'node:net'] },
  { variable: '--dbus', members: ['dbus-broker', 'dbus-daemon', 'sdbus-direct'] },
  { variable: '--rpc', members: ['grpc', 'zeromq', 'capnp', 'nats', 'capnproto'] },
];

const shapes = ['circle', 'square', 'triangle-up', 'diamond', 'triangle-down', 'cross'] as const;
const dashes: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3], [1, 3], [4, 2, 1, 2]];

/** A family for a contender that the table above does not name. */
function familyByPrefix(contender: string): string {
  if (/^(c|shm|null)[-_:]/.test(contender) || contender === 'null') return '--native';
  if (/^(node|child|worker)/.test(contender)) return '--node';
  if (/dbus|sd-?bus/.test(contender)) return '--dbus';
  return '--rpc';
}

function placeByName(contender: string): number {
  let sum = 0;
  for (const letter of contender) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997;
  return sum;
}

export function styleOf(contender: string): Style {
  for (const { variable, members } of own) {
    if (members.includes(contender)) {
      return { colour: `var(${variable})`, shape: 'circle', dash: [], isOwn: true };
    }
  }
  for (const { variable, members } of others) {
    const at = members.indexOf(contender);
    if (at >= 0) return member(variable, at);
  }
  return member(familyByPrefix(contender), placeByName(contender));
}

function member(variable: string, at: number): Style {
  return {
    colour: `var(${variable})`,
    shape: shapes[at % shapes.length] ?? 'circle',
    dash: dashes[at % dashes.length] ?? [],
    isOwn: false,
  };
}

/** The variables, for a light and for a dark ground. */
export const palette: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  '--bus': ['#c84e00', '#ff8f45'],
  '--sockets': ['#0065a8', '#5ab4f0'],
  '--datagram': ['#007f5c', '#35cf9f'],
  '--memory': ['#a3417c', '#e59ac6'],
  '--native': ['#2b2f36', '#e4e6ea'],
  '--node': ['#3b8fb8', '#8fd0ee'],
  '--dbus': ['#9a6a00', '#e8b93a'],
  '--rpc': ['#767c86', '#9aa1ad'],
  '--ground': ['#fdfdfb', '#15171b'],
  '--panel': ['#f4f4ef', '#1d2026'],
  '--ink': ['#1c1e22', '#eceef1'],
  '--quiet': ['#5b616b', '#a6adb8'],
  '--rule': ['#dcdcd4', '#343942'],
  '--accent': ['#8a2f00', '#ffb48a'],
  '--bad': ['#b3261e', '#ff8a80'],
};
