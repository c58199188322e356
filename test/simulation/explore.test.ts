/** All interleavings of small scenes. */
import test from 'ava';
import { Staged } from './broken/order.js';
import { explore, type Reduction } from './explore.js';
import type { History } from './history.js';
import { sceneText } from './report.js';
import { scenes } from './scenes.js';
import { close, destroy, end, type Scene, send, tell } from './script.js';

for (const scene of scenes) {
  test(`${scene.what}: in every interleaving every rule is kept`, async (t) => {
    const result = await explore(scene);
    if (result.failure !== undefined) t.log(sceneText(scene, result));
    t.is(result.failure, undefined);
    t.true(result.isComplete);
    t.log(`${result.schedules} schedules, ${result.moves} moves`);
  });
}

/** What each peer did and saw, in its own order: what two schedules have to differ in to be different. */
function outcome({ events }: History): string {
  const lives = new Map<string, string[]>();
  for (const { at: _at, peer, ...note } of events) {
    lives.set(peer, [...(lives.get(peer) ?? []), JSON.stringify(note)]);
  }
  return JSON.stringify([...lives].sort());
}

async function outcomes(scene: Scene, reduction: Reduction): Promise<string[]> {
  const all = new Set<string>();
  await explore(scene, { reduction, onHistory: (history) => all.add(outcome(history)) });
  return [...all].sort();
}

/** Small enough to leave nothing out. */
const smallScenes: readonly Scene[] = [
  {
    name: 'arrival',
    what: 'B closes what A gives it while A destroys it',
    peers: 'AB',
    lines: {
      A: [send('n1@B', ['n2@A']), destroy('n2@A')],
      B: [close('n2@A', { after: 'received A1' })],
    },
  },
  {
    name: 'crossing',
    what: 'A and B send to each other',
    peers: 'AB',
    lines: { A: [send('n1@B')], B: [send('n1@A')] },
  },
  {
    name: 'whisper',
    what: 'A tells B, who ends',
    peers: 'AB',
    lines: { A: [tell('B')], B: [send('n1@A'), end(undefined, { after: 'told A' })] },
  },
];

for (const scene of smallScenes) {
  test(`leaving out schedules leaves out nothing that anybody could see: ${scene.what}`, async (t) => {
    const tidy = await outcomes(scene, 'tidy');
    t.deepEqual(tidy, await outcomes(scene, 'all'));
    t.deepEqual(tidy, await outcomes(scene, 'wary'));
    t.true(tidy.length > 1);
    t.log(`${tidy.length} histories`);
  });
}

test('O4: of the algorithm of 2016 the exploration finds the contradiction in four steps', async (t) => {
  const scene = scenes.find(({ name }) => name === 'four steps');
  if (scene === undefined) return t.fail('the scene is missing');
  const result = await explore(scene, { make: (limits) => new Staged(limits) });
  t.log(sceneText(scene, result));
  const [violation] = result.failure?.violations ?? [];
  t.is(violation?.rule, 'agreement');
  t.deepEqual([...(violation?.about ?? [])].sort(), ['A4', 'B1', 'E1']);
});
