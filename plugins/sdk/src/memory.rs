//! Memory for an instance that lives for one call: taken from the front, never given back.
//!
//! The host makes a fresh instance for every question and drops it with all its memory, so what an allocator usually pays for,
//! finding again what was freed, buys nothing here. Without it an allocation is an addition, and every loop that would free
//! something is compiled away, all of which was 2 kB of a policy. What a policy allocates in one call is bounded by the host's memory limit; a
//! policy that reaches it is stopped, which is a refusal.
//!
//! Only the block that was allocated last can grow in place. That is the common case, a text or a list under construction.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

unsafe extern "C" {
    /// Where the linker says that the memory is free.
    #[link_name = "__heap_base"]
    static HEAP_BASE: u8;
}

/// The first free byte. An atomic without threads is a plain variable that needs no `unsafe`.
static FREE: AtomicPtr<u8> = AtomicPtr::new((&raw const HEAP_BASE).cast_mut());

const PAGE: usize = 65_536;

pub(crate) struct OneCall;

/// Moves the first free byte to `end`, with more pages where that lies beyond them. False when the host grants no more.
fn advance_to(end: usize) -> bool {
    let there = wasm32::memory_size::<0>() * PAGE;
    if end > there && wasm32::memory_grow::<0>((end - there).div_ceil(PAGE)) == usize::MAX {
        return false;
    }
    FREE.store(ptr::with_exposed_provenance_mut(end), Ordering::Relaxed);
    true
}

// SAFETY: blocks never overlap, because the first free byte only ever moves forward; each is aligned as asked and lies inside the
// memory, which never shrinks. There is one thread.
unsafe impl GlobalAlloc for OneCall {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Neither sum can overflow before the host refuses the memory: it grants far less than half of the address space.
        let free = FREE.load(Ordering::Relaxed).expose_provenance();
        let start = free.wrapping_add(layout.align() - 1) & !(layout.align() - 1);
        if advance_to(start.saturating_add(layout.size())) {
            ptr::with_exposed_provenance_mut(start)
        } else {
            ptr::null_mut()
        }
    }

    unsafe fn dealloc(&self, _block: *mut u8, _layout: Layout) {}

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size <= layout.size() {
            return block;
        }
        let start = block.expose_provenance();
        if start + layout.size() == FREE.load(Ordering::Relaxed).addr() {
            return if advance_to(start.saturating_add(size)) { block } else { ptr::null_mut() };
        }
        // SAFETY: the caller promises that `block` has this layout and that `size` makes another valid one with it.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, layout.size());
            }
            moved
        }
    }
}
