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
  #children = new Map();

  /**
   * @param {Element} list
   * @param {(item: object) => { node: Element, update: (item: object) => void }} create
   */
  constructor(list, create) {
    this.#list = list;
    this.#create = create;
  }

  show(items) {
    const keys = new Set(items.map(item => item.key));
    for (const [key, child] of this.#children) {
      if (!keys.has(key)) {
        child.node.remove();
        this.#children.delete(key);
      }
    }
    let place = this.#list.firstElementChild;
    for (const item of items) {
      const child = this.#childFor(item);
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

  #childFor(item) {
    let child = this.#children.get(item.key);
    if (!child) {
      child = this.#create(item);
      this.#children.set(item.key, child);
    }
    return child;
  }
}
