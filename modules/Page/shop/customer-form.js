import { element, setText } from "../shared/dom.js";
import { complaint, idComplaint } from "./customer.js";

/** Who is buying: a line that says so, and a form to change it. */
export class CustomerForm {
  #root;
  #onSave;
  #customer;

  /**
   * @param {ParentNode} root holds the elements named below
   * @param {(customer: { name: string, userid: string }) => void} onSave
   */
  constructor(root, onSave) {
    this.#root = root;
    this.#onSave = onSave;
    this.#change.addEventListener("click", () => this.#toggle(this.#form.hidden));
    this.#form.addEventListener("submit", event => {
      event.preventDefault();
      this.#save();
    });
    this.#form.addEventListener("keydown", event => {
      if (event.key === "Escape") {
        this.show(this.#customer);
        this.#toggle(false);
      }
    });
    for (const field of ["username", "userid"]) {
      this.#input(field).addEventListener("input", () => this.#complain(field, null));
    }
  }

  get #form() { return this.#root.querySelector("#customer-form"); }
  get #change() { return this.#root.querySelector("#customer-change"); }
  #input(field) { return this.#root.querySelector(`#customer-${field}`); }

  show(customer) {
    this.#customer = customer;
    setText(this.#root.querySelector("#customer-name"), customer.name);
    setText(this.#root.querySelector("#customer-id"), customer.userid);
    this.#input("username").value = customer.name;
    this.#input("userid").value = customer.userid;
    this.#root.querySelector("#customer-welcome").hidden = customer.chosen;
    this.#form.hidden = customer.chosen;
    this.#change.setAttribute("aria-expanded", String(!customer.chosen));
    this.#complain("username", null);
    this.#complain("userid", null);
  }

  /** What the shop said about the fields of a refused purchase. */
  showErrors(fields) {
    const named = Object.entries(fields).filter(([field]) => field === "username" || field === "userid");
    for (const [field, errors] of named) {
      this.#form.hidden = false;
      this.#change.setAttribute("aria-expanded", "true");
      this.#complain(field, errors.join(", "));
    }
  }

  #toggle(open) {
    this.#form.hidden = !open;
    this.#change.setAttribute("aria-expanded", String(open));
    if (open) {
      this.#input("username").select();
      this.#input("username").focus();
    } else {
      this.#change.focus();
    }
  }

  #save() {
    const name = this.#input("username").value.trim();
    const userid = this.#input("userid").value.trim();
    this.#complain("username", complaint(name));
    this.#complain("userid", idComplaint(userid));
    const invalid = this.#form.querySelector("[aria-invalid=true]");
    if (invalid) {
      invalid.focus();
      return;
    }
    this.#onSave({ name, userid });
    this.#toggle(false);
  }

  #complain(field, message) {
    const input = this.#input(field);
    const place = this.#root.querySelector(`#customer-${field}-error`);
    input.setAttribute("aria-invalid", String(message !== null));
    place.replaceChildren(...(message ? [element("span", {}, `${field === "userid" ? "Id" : "Name"} ${message}`)] : []));
  }
}
