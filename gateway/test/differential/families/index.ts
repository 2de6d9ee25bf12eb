/**
 * All families, in the order in which a run goes through them.
 */
import { company } from './company.ts';
import { depot } from './depot.ts';
import type { Family } from './family.ts';
import { guild } from './guild.ts';
import { media } from './media.ts';
import { nulls } from './nulls.ts';
import { ship } from './ship.ts';
import { shop } from './shop.ts';
import { workshop } from './workshop.ts';
import { zoo } from './zoo.ts';

export const families: readonly Family[] = [shop, media, company, workshop, nulls, zoo, ship, depot, guild];
