/**
 * Compares the rows a document asks for with those that are there, and says what to write.
 *
 * Items are recognised by their external key, so ids survive changes, moves and renumbering.
 */
import { type CourseOutline, ITEM_KINDS, type Item, type ItemKind } from './outline.ts';

export interface ExistingItem {
  readonly id: string;
  readonly externalKey: string;
  readonly contentHash: string | null;
  readonly position: number;
  /** The course's id for modules. */
  readonly parentId: string;
}
export type ExistingItems = Readonly<Record<ItemKind, readonly ExistingItem[]>>;

export interface PlannedItem extends Item {
  readonly id: string;
  readonly parentId: string;
}

export interface KindPlan {
  readonly create: readonly PlannedItem[];
  /** Content, place, or both differ. */
  readonly update: readonly PlannedItem[];
  /** Ids. */
  readonly remove: readonly string[];
  readonly counts: ChangeCounts;
}

export interface ChangeCounts {
  readonly created: number;
  /** The content differs. */
  readonly updated: number;
  /** Only the place differs. */
  readonly moved: number;
  readonly removed: number;
  readonly unchanged: number;
}

export type ImportPlan = Readonly<Record<ItemKind, KindPlan>>;

export function planImport(
  outline: CourseOutline,
  existing: ExistingItems,
  courseId: string,
  makeId: () => string,
): ImportPlan {
  const idByKey = new Map<string, string>();
  const planNext = (kind: ItemKind): KindPlan => {
    const { all, ...plan } = planKind(outline.items[kind], existing[kind], {
      makeId,
      parentIdOf: (item) => (item.parentKey === null ? courseId : idByKey.get(item.parentKey)!),
    });
    for (const { externalKey, id } of all) idByKey.set(externalKey, id);
    return plan;
  };
  // Parents first: their ids are those of their children's parents.
  return {
    modules: planNext('modules'),
    sections: planNext('sections'),
    lessons: planNext('lessons'),
    blocks: planNext('blocks'),
  };
}

export function changesAnything(plan: ImportPlan): boolean {
  return ITEM_KINDS.some((kind) => {
    const { create, update, remove } = plan[kind];
    return create.length + update.length + remove.length > 0;
  });
}

function planKind(
  items: readonly Item[],
  existing: readonly ExistingItem[],
  { makeId, parentIdOf }: { makeId: () => string; parentIdOf: (item: Item) => string },
): KindPlan & { readonly all: readonly PlannedItem[] } {
  const left = new Map(existing.map((row) => [row.externalKey, row]));
  const all: PlannedItem[] = [];
  const create: PlannedItem[] = [];
  const update: PlannedItem[] = [];
  let moved = 0;
  for (const item of items) {
    const row = left.get(item.externalKey);
    left.delete(item.externalKey);
    const planned = { ...item, id: row?.id ?? makeId(), parentId: parentIdOf(item) };
    all.push(planned);
    if (!row) create.push(planned);
    else if (row.contentHash !== item.contentHash) update.push(planned);
    else if (row.position !== item.position || row.parentId !== planned.parentId) {
      moved += 1;
      update.push(planned);
    }
  }
  const remove = [...left.values()].map((row) => row.id);
  const counts = {
    created: create.length,
    updated: update.length - moved,
    moved,
    removed: remove.length,
    unchanged: items.length - create.length - update.length,
  };
  return { create, update, remove, counts, all };
}
