/**
 * Small scripted scenes: each peer has a list of lines that it does in order, some only once it has seen something. What remains
 * open is when: that is what `explore.ts` runs through.
 */
import type { CapabilityLimits } from '../../broker/capability/index.js';
import type { HeldHandle, OwnNode, Player, Thing } from './player.js';
import type { Member, World } from './world.js';

export interface Line {
  /** Done once this stands among what the peer has seen (`Member.seen`). */
  readonly after?: string;
  /** Whether it ends the peer, which takes from it what is on its wire. */
  readonly isEnd?: boolean;
  /** Whom it tells something past the bus. */
  readonly tells?: string;
  act(member: Member, cast: Cast): void;
}

export interface Scene {
  readonly name: string;
  readonly what: string;
  readonly peers: string;
  readonly limits?: Partial<CapabilityLimits>;
  /** Before the curtain; everything that it sends arrives. */
  prepare?(cast: Cast): void;
  readonly lines: Readonly<Record<string, readonly Line[]>>;
}

/** The peers of a scene, each with one node (`n1@A`) that all others hold. */
export class Cast {
  readonly world: World;
  readonly #members = new Map<string, Member>();

  constructor(world: World) {
    this.world = world;
  }

  async enter(scene: Scene): Promise<void> {
    for (const _name of scene.peers) {
      const member = this.world.join(1000 + this.#members.size);
      const node = member.player.create();
      await this.world.move({ kind: 'take', member }, 0);
      for (const other of this.#members.values()) {
        this.world.introduce(other, `n1@${other.name}`, member);
        this.world.introduce(member, node.name, other);
      }
      this.#members.set(member.name, member);
    }
    scene.prepare?.(this);
    await this.world.becomeQuiet();
  }

  member(name: string): Member {
    const member = this.#members.get(name);
    if (member === undefined) throw new Error(`no ${name} in this scene`);
    return member;
  }
}

/** The first handle to the node that is not known to be dead; a scene's line is left out if there is none. */
function held(player: Player, node: string): HeldHandle | undefined {
  return player.handles.find((each) => each.node === node && !each.isGone);
}

function own(player: Player, name: string): OwnNode | undefined {
  return player.nodes.find((each) => each.name === name);
}

/** What a line gives: an own node (made for it if it is the next one), a handle, or `reply:` of a call. */
function things(player: Player, names: readonly string[]): Thing[] {
  return names.flatMap((name): Thing[] => {
    if (name.startsWith('reply:')) return player.replies.filter(({ call }) => `reply:${call}` === name);
    const isOwn = name.endsWith(`@${player.name}`);
    const known = isOwn ? own(player, name) : player.handles.find(({ node }) => node === name);
    if (known !== undefined) return [known];
    const made = isOwn ? player.create() : undefined;
    return made?.name === name ? [made] : [];
  });
}

interface When {
  readonly after?: string;
}

export function send(to: string, gives: readonly string[] = [], when: When = {}): Line {
  return {
    ...when,
    act: ({ player }) => {
      const target = held(player, to);
      if (target !== undefined) player.send(target, things(player, gives), { waits: true });
    },
  };
}

export function call(to: string, gives: readonly string[] = [], when: When = {}): Line {
  return {
    ...when,
    act: ({ player }) => {
      const target = held(player, to);
      if (target !== undefined) player.call(target, things(player, gives), { canGiveUp: true });
    },
  };
}

export function multicast(
  to: readonly string[],
  gives: readonly string[] = [],
  when: When & { readonly isPartial?: boolean } = {},
): Line {
  return {
    ...when,
    act: ({ player }) => {
      const targets = to.map((node) => held(player, node)).filter((each) => each !== undefined);
      const isPartial = when.isPartial === true;
      if (targets.length > 0) player.multicast(targets, things(player, gives), { isPartial });
    },
  };
}

export function answer(gives: readonly string[] = [], when: When = {}): Line {
  return {
    ...when,
    act: ({ player }) => {
      const [reply] = player.replies;
      if (reply !== undefined) player.answer(reply, things(player, gives));
    },
  };
}

export function giveUp(when: When = {}): Line {
  return {
    ...when,
    act: ({ player }) => {
      const [outstanding] = player.calls;
      if (outstanding !== undefined) player.giveUp(outstanding);
    },
  };
}

export function tell(to: string, when: When = {}): Line {
  return { ...when, tells: to, act: (member, cast) => cast.world.tell(member, cast.member(to)) };
}

/** Closes all its handles to the node. */
export function close(node: string, when: When = {}): Line {
  return {
    ...when,
    act: ({ player }) => {
      for (const each of player.handles.filter((handle) => handle.node === node)) player.close(each);
    },
  };
}

export function destroy(node: string, when: When = {}): Line {
  return {
    ...when,
    act: ({ player }) => {
      const mine = own(player, node);
      if (mine !== undefined) player.destroy(mine);
    },
  };
}

/** Closes the peer, or kills it with so many requests still unwritten. */
export function end(unwritten?: number, when: When = {}): Line {
  return {
    ...when,
    isEnd: true,
    act: (member, cast) => cast.world.end(member, unwritten === undefined ? 'closed' : 'killed', unwritten),
  };
}
