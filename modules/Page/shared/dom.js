/**
 * An element with properties and children. Text only ever gets in as text: nothing that a server or a customer wrote
 * is read as HTML.
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) {
      node[name] = value;
    } else {
      node.setAttribute(name, value);
    }
  }
  node.append(...children);
  return node;
}

/** Sets a node's text, leaving it alone when it is that text already. */
export function setText(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/**
 * Makes the children of a list those of `items`, in their order. A child lives as long as its key is in the list, so
 * that focus and animations survive a change elsewhere.
 */
export class KeyedList {
  #list;
  #create;
  #recycles;
  #children = new Map();

  /**
   * @param {Element} list
   * @param {() => { node: Element, update: (item: { key: string }) => void }} create
   * @param {{ recycles?: boolean }} how whether the child of an item that is gone becomes that of a new one: for lists that
   *   change all day
   */
  constructor(list, create, { recycles = false } = {}) {
    this.#list = list;
    this.#create = create;
    this.#recycles = recycles;
  }

  show(items) {
    const spare = this.#takeOutAllBut(new Set(items.map(item => item.key)));
    let place = this.#list.firstElementChild;
    for (const item of items) {
      const child = this.#childFor(item, spare);
      child.update(item);
      if (child.node === place) {
        place = place.nextElementSibling;
      } else {
        this.#list.insertBefore(child.node, place);
      }
    }
  }

  node(key) {
    return this.#children.get(key)?.node;
  }

  #takeOutAllBut(keys) {
    const gone = [...this.#children].filter(([key]) => !keys.has(key));
    for (const [key, child] of gone) {
      child.node.remove();
      this.#children.delete(key);
    }
    return this.#recycles ? gone.map(([, child]) => child) : [];
  }

  #childFor(item, spare) {
    let child = this.#children.get(item.key);
    if (!child) {
      child = spare.pop() ?? this.#create();
      this.#children.set(item.key, child);
    }
    return child;
  }
}
