/**
 * The children of a list, made once and used again and again: the child of an item that is gone becomes that of a new
 * one. A child whose item stays is neither moved nor made anew, so that only what is new looks new.
 */
export class RecyclingList {
  #list;
  #create;
  #children = new Map();

  /**
   * @param {Element} list
   * @param {() => { node: Element, update: (item: { key: string }) => void }} create
   */
  constructor(list, create) {
    this.#list = list;
    this.#create = create;
  }

  show(items) {
    const keys = new Set(items.map(item => item.key));
    const spare = [];
    for (const [key, child] of this.#children) {
      if (!keys.has(key)) {
        child.node.remove();
        spare.push(child);
        this.#children.delete(key);
      }
    }

    let place = this.#list.firstElementChild;
    for (const item of items) {
      let child = this.#children.get(item.key);
      if (!child) {
        child = spare.pop() ?? this.#create();
        this.#children.set(item.key, child);
      }
      child.update(item);
      if (child.node === place) {
        place = place.nextElementSibling;
      } else {
        this.#list.insertBefore(child.node, place);
      }
    }
  }
}
