/**
 * What seeded learners are called.
 */
import type { Random } from './random.ts';

const FIRST = (
  'Ada Amara Bela Chen Dario Elif Femi Grace Hana Ines Jonas Kofi Lena Mateo Nadia Omar Priya Quinn Rosa Sven ' +
  'Tala Uma Viktor Wanda Ximena Yuki Zoe'
).split(' ');
const LAST = (
  'Almeida Bauer Costa Diallo Eriksen Fischer Garcia Haddad Ito Jansen Kowalski Lopez Moreau Nguyen Okafor Petrov ' +
  'Qureshi Rossi Silva Tanaka Ueda Varga Weber Yilmaz Zhang'
).split(' ');

export function inventName(random: Random): string {
  return `${FIRST[random.below(FIRST.length)]} ${LAST[random.below(LAST.length)]}`;
}
